import java.nio.file.*;
import java.util.*;

/** Runs the stand_in.py of its own jar, so that "java -jar" is what really runs on the host. */
public class StandIn {
  public static void main(String[] args) throws Exception {
    Path script = Files.createTempFile("stand_in", ".py");
    Files.copy(StandIn.class.getResourceAsStream("/stand_in.py"), script, StandardCopyOption.REPLACE_EXISTING);
    List<String> command = new ArrayList<>(List.of("python3", script.toString()));
    command.addAll(List.of(args));
    Process process = new ProcessBuilder(command).inheritIO().start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
    int code = process.waitFor();
    Files.deleteIfExists(script);
    System.exit(code);
  }
}
