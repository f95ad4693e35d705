//! The page on which one of the synthetic people is chosen.

use axum::response::Response;
use http::StatusCode;

use super::claims;
use crate::html::{Language, escape, hidden, page};
use crate::people::{EVERYBODY, Person, Principal, Standing};

/// Everybody as a button; `parameters` of the authorization request travel as hidden fields and are judged again.
pub(crate) fn show(language: Language, client_id: &str, parameters: &[(&str, &str)], return_origin: &str) -> Response {
    let notice = language.pick(
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
        escape(language.pick("请求登录的应用：", "The application asking:")),
        escape(client_id),
        escape(language.pick("拒绝登录", "Do not sign in")),
    );
    let title = language.pick("统一身份认证（沙箱）", "Unified sign-in (sandbox)");
    page(StatusCode::OK, language, title, &body, &format!(" {return_origin}"))
}

fn button(language: Language, person: &Person) -> String {
    let role = match &person.standing {
        Standing::Natural => language.pick("自然人", "natural person").to_owned(),
        Standing::Legal(organisation) => format!("{} {}", language.pick("法人：", "for"), organisation.name),
        Standing::Agent { acting_for, valid_until } => {
            let principal = match acting_for {
                Principal::Person(_, name) => name,
                Principal::Organisation(organisation) => &organisation.name,
            };
            let until = valid_until.get(..10).unwrap_or_default();
            format!("{} {principal}（{} {until}）", language.pick("代办：", "agent of"), language.pick("至", "until"))
        }
    };
    let (scale, value) = person.assurance.on_scale();
    format!(
        "<li><button name=\"person\" value=\"{}\" data-kind=\"{}\">{} <small>{} · {} · {scale} {value}</small></button></li>",
        escape(person.sub),
        claims::kind(&person.standing),
        escape(language.pick(person.name_zh, person.name_en)),
        escape(person.sub),
        escape(&role),
    )
}

/// The request cannot be trusted so far as to send anybody anywhere.
pub(crate) fn refuse(language: Language, reason: &str) -> Response {
    let body = format!("<p class=\"notice bad\">{}</p>", escape(reason));
    page(StatusCode::BAD_REQUEST, language, language.pick("登录请求有误", "The sign-in request is wrong"), &body, "")
}
