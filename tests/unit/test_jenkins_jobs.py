"""What is wrong with jobs is said before Jenkins is asked to make them, and what is not ours is left alone."""

import pytest
from ansible.module_utils.estate.jenkins.check import problems
from ansible.module_utils.estate.jenkins.config_xml import parse
from ansible.module_utils.estate.jenkins.plan import plan

MARKER = 'Declared in job_definitions/ of estate.git; "it\'s" ${marked} & <kept>: é'


def job(spec: str = "H 2 * * *", description: str = f"Plans.\n{MARKER}", tag: str = "flow-definition") -> str:
    text = description.replace("&", "&amp;").replace("<", "&lt;")
    timer = f"<hudson.triggers.TimerTrigger><spec>{spec}</spec></hudson.triggers.TimerTrigger>"
    return f"<?xml version='1.1' encoding='UTF-8'?>\n<{tag}><description>{text}</description>{timer}</{tag}>"


@pytest.mark.parametrize(
    "spec",
    [
        "TZ=Europe/London\nH 2 * * *",
        "# at night\nH(0-29)/10 1,2,3-5 */2 1-12 0-7",
        "@midnight",
        "H H 1,15 1-11 *\nH/15 * * * *",
        "H(3-3)/1 */90 H/28 5-5 H/7",
        "",
    ],
)
def test_every_form_of_a_schedule_is_taken(spec):
    assert problems({"plan-preview": job(spec)}, MARKER) == []


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("H 25 * * *", "'25' is no hour (0 to 23), in 'H 25 * * *'"),
        ("H 2 * *", "'H 2 * *' has 4 fields"),
        ("H 2 * * MON", "'MON' is no day of the week"),
        ("H 2 0 * *", "'0' is no day of the month"),
        ("*/0 2 * * *", "'*/0' is no minute"),
        ("H(0-99) 2 * * *", "no minute"),
        ("@nightly", "has 1 fields"),
        ("TZ=Europe/Londn\nH 2 * * *", "Europe/Londn is no time zone"),
        ("daily at two", "has 3 fields"),
        ("H 5-3 * * *", "'5-3' is no hour"),
        ("H(10-5) 2 * * *", "'H(10-5)' is no minute"),
        ("H/70 2 * * *", "'H/70' is no minute"),
        ("H(1-5)/9 2 * * *", "'H(1-5)/9' is no minute"),
        ("H 2 H/29 * *", "'H/29' is no day of the month"),
        ("H 2 * * 1,", "'' is no day of the week"),
        ("H 2 * * *\nTZ=Europe/London", "'TZ=Europe/London' is for the first line only"),
    ],
)
def test_a_schedule_that_jenkins_would_refuse_is_named(spec, said):
    found = "; ".join(problems({"plan-preview": job(spec)}, MARKER))

    assert found.startswith("job plan-preview: ")
    assert said in found
    assert "jenkins_jobs_schedules" in found


@pytest.mark.parametrize("marker", ["", " ", "\n"])
def test_without_a_marker_every_job_would_be_ours(marker):
    assert "every job of Jenkins would count" in problems({"plan-preview": job()}, marker)[0]


def test_a_marker_that_rendering_lost_is_named():
    assert "has lost the line" in problems({"plan-preview": job(description="Plans.")}, MARKER)[0]


def live(config: str, description: str = MARKER) -> dict[str, str]:
    return {"description": description, "config": config}


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({"Plan-Preview": live("", "Somebody's.")}, "Jenkins has it as Plan-Preview"),
        ({"plan-preview": live(job(tag="project"))}, "no pipeline but project"),
        ({"plan-preview": live(job(), "Somebody's.")}, "somebody else's job"),
    ],
)
def test_what_jenkins_would_refuse_to_make_is_left_out_in_check_mode_too(there, said):
    made = plan(there, {"plan-preview": job()}, MARKER, remove=True)

    assert said in made.left_out["job plan-preview"]
    assert not made.actions


def test_characters_that_only_xml_1_1_has_keep_no_job_from_being_read():
    read = parse("<?xml version='1.1'?><a>&#x1;&#8;&#x1F;&#10;&#x41;&#65;</a>")

    assert read.text == "\N{REPLACEMENT CHARACTER}" * 3 + "\nAA"
