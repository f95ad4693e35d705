//! The page on which one of the synthetic people is chosen.

use axum::response::Response;
use http::StatusCode;

use tongqiao_protocol::Language;

use super::claims;
use crate::html::{escape, hidden, page, pick};
use crate::people::{EVERYBODY, Person, Principal, Standing};

/// Everybody as a button; `parameters` of the authorization request travel as hidden fields and are judged again.
pub(crate) fn show(language: Language, client_id: &str, parameters: &[(&str, &str)], return_origin: &str) -> Response {
    let notice = pick(
        language,
        "这是沙箱：下列人员均为虚构，点选即登录，无需口令。",
        "This is a sandbox: nobody below exists; choosing one signs in, there is no password.",
    );
    let fields: String = parameters.iter().map(|(name, value)| hidden(name, value)).collect();
    let people: String = EVERYBODY.iter().map(|person| button(language, person)).collect();
    let body = format!(
        "<p class=\"notice\">{}</p><p>{} <strong>{}</strong></p>\
         <form method=\"post\" action=\"/oidc/authorize\">{fields}<ul class=\"people\">{people}</ul>\
         <button class=\"plain\" name=\"person\" value=\"\">{}</button></form>",
        escape(notice),
        escape(pick(language, "请求登录的应用：", "The application asking:")),
        escape(client_id),
        escape(pick(language, "拒绝登录", "Do not sign in")),
    );
    let title = pick(language, "统一身份认证（沙箱）", "Unified sign-in (sandbox)");
    page(StatusCode::OK, language, title, &body, &format!(" {return_origin}"))
}

fn button(language: Language, person: &Person) -> String {
    let role = match &person.standing {
        Standing::Natural => pick(language, "自然人", "natural person").to_owned(),
        Standing::Legal(organisation) => format!("{} {}", pick(language, "法人：", "for"), organisation.name),
        Standing::Agent { acting_for, valid_until } => {
            let principal = match acting_for {
                Principal::Person(_, name) => name,
                Principal::Organisation(organisation) => &organisation.name,
            };
            let until = valid_until.get(..10).unwrap_or_default();
            format!("{} {principal}（{} {until}）", pick(language, "代办：", "agent of"), pick(language, "至", "until"))
        }
    };
    let (scale, value) = person.assurance.on_scale();
    format!(
        "<li><button name=\"person\" value=\"{}\" data-kind=\"{}\">{} <small>{} · {} · {scale} {value}</small></button></li>",
        escape(person.sub),
        claims::kind(&person.standing),
        escape(pick(language, person.name_zh, person.name_en)),
        escape(person.sub),
        escape(&role),
    )
}

/// The request cannot be trusted so far as to send anybody anywhere.
pub(crate) fn refuse(language: Language, reason: &str) -> Response {
    let body = format!("<p class=\"notice bad\">{}</p>", escape(reason));
    page(StatusCode::BAD_REQUEST, language, pick(language, "登录请求有误", "The sign-in request is wrong"), &body, "")
}
