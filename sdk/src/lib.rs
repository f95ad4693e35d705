//! Client library for connecting a department's system to a city's unified government service platform.
