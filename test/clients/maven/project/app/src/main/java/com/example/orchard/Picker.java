package com.example.orchard;

/** Uses the library. */
public final class Picker {
    private Picker() {}

    /** What was picked. */
    public static String pick() {
        return "picked " + Apple.variety();
    }
}
