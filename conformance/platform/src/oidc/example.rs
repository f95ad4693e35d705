//! A sign-in that a person can try with nothing but a browser, and the page on which it ends.

use axum::extract::RawQuery;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::client::LOOPBACK_CLIENT;
use crate::html::{escape, page, pick};
use crate::refusal::language_of;

/// The challenge of RFC 7636, appendix B: everybody knows its verifier, which suits an example.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URhWbuGJSstw-cM";

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
