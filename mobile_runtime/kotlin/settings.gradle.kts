// For this folder as a project of its own, to run its tests; an app that includes the module ignores it.
pluginManagement {
    repositories { google(); mavenCentral(); gradlePluginPortal() }
    plugins {
        id("com.android.library") version "8.13.0"
        id("org.jetbrains.kotlin.android") version "2.2.20"
    }
}

dependencyResolutionManagement { repositories { google(); mavenCentral() } }

rootProject.name = "scnet"
