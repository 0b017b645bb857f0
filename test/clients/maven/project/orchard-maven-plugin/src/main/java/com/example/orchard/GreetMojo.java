package com.example.orchard;

import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugins.annotations.Mojo;

/** Says which version of the plugin runs. */
@Mojo(name = "greet", requiresProject = false, threadSafe = true)
public final class GreetMojo extends AbstractMojo {
    @Override
    public void execute() {
        getLog().info("Greetings from orchard 1.0.0");
    }
}
