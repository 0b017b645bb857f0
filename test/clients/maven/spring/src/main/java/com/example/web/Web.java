package com.example.web;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Compiles only with the whole tree of the starter. */
@SpringBootApplication
@RestController
public class Web {
    public static void main(String[] arguments) {
        SpringApplication.run(Web.class, arguments);
    }

    @GetMapping("/")
    String hello() {
        return "hello";
    }
}
