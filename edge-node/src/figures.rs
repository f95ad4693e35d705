//! Figures in the text form of Prometheus.

use http::HeaderValue;

/// What the text is, in the words of HTTP.
pub(crate) const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4");

/// A text under way; one line of help and one of kind before each figure.
#[derive(Default)]
pub(crate) struct Figures(String);

impl Figures {
    /// Which version of the program runs.
    pub(crate) fn build(&mut self, whose: &str) {
        let name = format!("tongqiao_{whose}_build_info");
        let version = env!("CARGO_PKG_VERSION");
        self.0 +=
            &format!("# HELP {name} which version runs\n# TYPE {name} gauge\n{name}{{version=\"{version}\"}} 1\n");
    }

    /// What goes up and down.
    pub(crate) fn gauge(&mut self, name: &str, help: &str, value: impl TryInto<i64>) {
        self.write(name, "gauge", help, value);
    }

    /// What only grows, until the next start.
    pub(crate) fn counter(&mut self, name: &str, help: &str, value: impl TryInto<i64>) {
        self.write(name, "counter", help, value);
    }

    fn write(&mut self, name: &str, kind: &str, help: &str, value: impl TryInto<i64>) {
        // What is beyond is not told apart by anybody.
        let value = value.try_into().unwrap_or(i64::MAX);
        self.0 += &format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
    }

    /// The whole text.
    pub(crate) fn text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_says_what_it_is() {
        let mut figures = Figures::default();
        figures.gauge("a_bytes", "what is left", 7_u64);
        figures.counter("b_total", "what was done", u64::MAX);
        assert_eq!(
            figures.text(),
            "# HELP a_bytes what is left\n# TYPE a_bytes gauge\na_bytes 7\n# HELP b_total what was done\n\
             # TYPE b_total counter\nb_total 9223372036854775807\n"
        );
    }
}
