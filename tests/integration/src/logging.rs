//! What a program logs that a test has started.

/// Logs to the standard error, where the test that started the program searches it.
pub fn log_everything() {
    let filter = tracing_subscriber::EnvFilter::new("debug,tongqiao=trace");
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr).init();
}
