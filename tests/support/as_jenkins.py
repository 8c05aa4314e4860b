"""The environment of the Jenkins host: its instance's role, and the roles that it assumes."""

from __future__ import annotations

from pathlib import Path

from local_aws.control import Control


def environment(aws: Control, folder: Path) -> dict[str, str]:
    key = aws.instance_session("main", "jenkins")
    config, credentials = folder / "config", folder / "credentials"
    ours = (aws.state / "aws_config").read_text()
    config.write_text(ours.replace("OrganizationAccountAccessRole", "infrastructure"))
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    lines = [f"{name} = {value}" for name, value in zip(names, key, strict=True)]
    credentials.write_text("\n".join(["[digitalmarketplace]", *lines]) + "\n")
    return {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}
