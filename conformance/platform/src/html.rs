//! Pages for people: self-contained, without scripts, every text escaped.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_FRAME_OPTIONS};
use tongqiao_protocol::Language;

/// Nothing is loaded, nothing runs; forms go where the page says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = "
:root{color-scheme:light}
body{font-family:system-ui,'Noto Sans CJK SC','Microsoft YaHei',sans-serif;background:#f2f4f7;color:#1d2733;margin:0;line-height:1.55}
main{max-width:42rem;margin:2rem auto;background:#fff;border:1px solid #d8dee6;border-radius:10px;padding:1.5rem 2rem 2rem}
h1{font-size:1.4rem;margin:.2rem 0 1rem}
.notice{background:#fff6dd;border:1px solid #ecd48f;border-radius:6px;padding:.5rem .8rem;font-size:.92rem}
.done{background:#e6f6ea;border-color:#9ad3a9}
.bad{background:#fdeaea;border-color:#e5a5a5}
table{border-collapse:collapse;width:100%;margin:1rem 0}
th,td{text-align:left;padding:.4rem .5rem;border-bottom:1px solid #e4e8ee;vertical-align:top}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
.total td{font-weight:600;border-top:2px solid #1d2733}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:1rem 0}
dt{color:#5b6877}dd{margin:0;overflow-wrap:anywhere}
button{font:inherit;padding:.55rem 1.1rem;border-radius:6px;border:1px solid #1c5fb0;background:#1c5fb0;color:#fff;cursor:pointer}
button.plain{background:#fff;color:#1c5fb0}
button:focus-visible{outline:3px solid #f0a000;outline-offset:2px}
ul.people{list-style:none;padding:0;margin:1rem 0}
ul.people button{width:100%;text-align:left;background:#fff;color:inherit;border-color:#d8dee6;margin-bottom:.45rem}
small{color:#5b6877}
";

/// The text in this language.
pub(crate) const fn pick<'a>(language: Language, chinese: &'a str, english: &'a str) -> &'a str {
    match language {
        Language::Chinese => chinese,
        Language::English => english,
    }
}

/// The text as it may stand between tags and inside quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A hidden field of a form.
pub(crate) fn hidden(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value))
}

/// A whole page. `body` is markup, `title` is text; `form_targets` are the origins, beside our own, to which a form or
/// the redirect after it may lead.
pub(crate) fn page(status: StatusCode, language: Language, title: &str, body: &str, form_targets: &str) -> Response {
    let title = escape(title);
    let tag = pick(language, "zh-CN", "en");
    let html = format!(
        "<!doctype html>\n<html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main><h1>{title}</h1>\n{body}\n</main></body></html>\n"
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CONTENT_SECURITY_POLICY, format!("{POLICY}; form-action 'self'{form_targets}")),
        (CACHE_CONTROL, "no-store".to_owned()),
        (X_FRAME_OPTIONS, "DENY".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    (status, headers, html).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_means_something_to_a_browser_passes_unescaped() {
        assert_eq!(escape("<a href='x\"&y>中"), "&lt;a href=&#39;x&quot;&amp;y&gt;中");
        assert_eq!(hidden("n", "\"><script>"), "<input type=\"hidden\" name=\"n\" value=\"&quot;&gt;&lt;script&gt;\">");
    }
}
