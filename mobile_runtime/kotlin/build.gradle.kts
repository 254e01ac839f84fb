// A module to be included in an Android app: upscaling with a `.tflite` file in its assets.
plugins {
    id("com.android.library")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "io.github.scnetmobile"
    compileSdk = 35
    defaultConfig { minSdk = 24 }
}

dependencies {
    api("com.google.ai.edge.litert:litert:2.3.0")
    implementation("com.google.ai.edge.litert:litert-gpu:2.3.0")
    api("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.10.2")
}
