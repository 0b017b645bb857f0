package com.example.orchard;

/** What grows in the orchard. */
public final class Apple {
    private Apple() {}

    /** A name of the version this was built as. */
    public static String variety() {
        return "Apple 1.0.0";
    }
}
