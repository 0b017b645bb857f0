import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.gradle.api.Action;
import org.gradle.api.Project;
import org.gradle.api.Task;
import org.gradle.internal.exceptions.MultiCauseException;
import org.gradle.testfixtures.ProjectBuilder;

/**
 * Stands in for the `gradle` command: `gradle <task>...` runs tasks of the build in the folder, and `gradle
 * <folder>:<task>...` those of a build in each folder; after a failure it continues. The central repository has Gradle's
 * code but not its command, so ProjectBuilder makes the build, and tasks run after those they depend on. Tasks that need
 * the history of earlier builds can't run that way: resources are copied here, and nothing is compiled.
 */
public class Gradle {
  private static final Set<String> WITH_HISTORY = Set.of("compileJava", "processResources", "classes");

  public static void main(String[] arguments) throws IOException {
    Path here = Path.of("").toAbsolutePath();
    File home = new File(System.getenv("HOME"), ".gradle");
    boolean failed = false;
    for (String argument : arguments) {
      int colon = argument.indexOf(':');
      Path folder = colon < 0 ? here : here.resolve(argument.substring(0, colon));
      String name = argument.substring(colon + 1);
      System.out.println("> " + argument);
      try {
        run(folder, home, name);
      } catch (Throwable error) {
        failed = true;
        System.out.println("FAILED " + argument);
        print(error);
      }
    }
    // Gradle's threads would keep the program running.
    System.exit(failed ? 1 : 0);
  }

  /** Prints the messages of an error and its causes. */
  private static void print(Throwable error) {
    if (error == null) return;
    System.out.println("   > " + error.getMessage());
    if (error instanceof MultiCauseException several) several.getCauses().forEach(Gradle::print);
    else print(error.getCause());
  }

  private static void run(Path folder, File home, String name) throws IOException {
    Project project = ProjectBuilder.builder()
        .withName(folder.getFileName().toString())
        .withProjectDir(folder.toFile())
        .withGradleUserHomeDir(home)
        .build();
    project.apply(Map.of("from", folder.resolve("build.gradle").toFile()));
    Path resources = folder.resolve("src/main/resources");
    if (Files.isDirectory(resources)) {
      project.copy(copy -> copy.from(resources).into(folder.resolve("build/resources/main")));
    }
    run(project.getTasks().getByName(name), new LinkedHashSet<>());
  }

  private static void run(Task task, Set<Task> done) {
    if (!done.add(task) || WITH_HISTORY.contains(task.getName())) return;
    for (Task needed : task.getTaskDependencies().getDependencies(task)) run(needed, done);
    for (File output : task.getOutputs().getFiles()) output.getParentFile().mkdirs();
    for (Action<? super Task> action : task.getActions()) action.execute(task);
  }
}
