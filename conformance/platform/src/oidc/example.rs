//! A sign-in that a person can try with nothing but a browser, and the page on which it ends.

use axum::extract::RawQuery;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::client::LOOPBACK_CLIENT;
use crate::html::{escape, page, pick};
use crate::refusal::language_of;

/// The challenge of RFC 7636, appendix B: everybody knows its verifier, which suits an example.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An authorization request that leads back to this platform's own `/callback`.
pub(crate) fn request(base_url: &str, port: u16) -> String {
    let redirect = format!("http://127.0.0.1:{port}/callback");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", LOOPBACK_CLIENT)
        .append_pair("redirect_uri", &redirect)
        .append_pair("scope", "openid profile")
        .append_pair("code_challenge", CHALLENGE)
        .append_pair("code_challenge_method", "S256")
        .finish();
    format!("{base_url}/oidc/authorize?{query}")
}

/// Shows what an application would be told.
pub(super) async fn callback(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let language = language_of(&headers);
    let query = query.unwrap_or_default();
    let rows: String = url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| format!("<dt>{}</dt><dd>{}</dd>", escape(&name), escape(&value)))
        .collect();
    let notice = pick(
        language,
        "沙箱登录示例到此结束。真实应用在自己的回调地址收到以下参数，再用 code 换取令牌。",
        "The example ends here. An application is told this at its own callback, and exchanges the code for tokens.",
    );
    let body = format!("<p class=\"notice\">{}</p><dl>{rows}</dl>", escape(notice));
    page(StatusCode::OK, language, pick(language, "登录已返回", "Back from signing in"), &body, "")
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use tongqiao_protocol::Suite;

    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_published_verifier() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let digest = crate::crypto::hash(Suite::International, &[verifier.as_bytes()]);
        assert_eq!(URL_SAFE_NO_PAD.encode(digest), CHALLENGE);
    }

    #[test]
    fn the_request_names_everything_that_the_endpoint_wants() {
        let request = request("http://127.0.0.1:8080", 8080);
        for part in ["client_id=tongqiao-sandbox", "127.0.0.1%3A8080%2Fcallback", "scope=openid", "method=S256"] {
            assert!(request.contains(part), "{request}");
        }
    }
}
