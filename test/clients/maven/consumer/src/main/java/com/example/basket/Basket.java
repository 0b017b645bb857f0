package com.example.basket;

import com.example.orchard.Picker;

/** Compiles only with what was published. */
public final class Basket {
    private Basket() {}

    public static void main(String[] arguments) {
        System.out.println(Picker.pick());
    }
}
