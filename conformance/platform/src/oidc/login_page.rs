//! The page on which one of the synthetic people is chosen.

use axum::response::Response;
use http::StatusCode;

use tongqiao_protocol::Language;

use super::claims;
use crate::html::{escape, hidden, page, pick};
use crate::people::{EVERYBODY, Person, Principal, Standing};

/// Everybody as a button; `parameters` of the authorization request travel as hidden fields and are judged again.
pub(crate) fn show(language: Language, client_id: &str, parameters: &[(&str, &str)], return_origin: &str) -> Response {
    let form = people(language, "/oidc/authorize", parameters);
    page(
        StatusCode::OK,
        language,
        title(language),
        &format!("{}{form}", asking(language, client_id)),
        &format!(" {return_origin}"),
    )
}

/// The same for a device, whose code is shown once more: only that of the device in front of one may be confirmed.
pub(crate) fn show_device(language: Language, client_id: &str, user_code: &str) -> Response {
    let compare = pick(
        language,
        "请确认这与您面前设备上显示的代码一致：",
        "Go on only if the device in front of you shows this code:",
    );
    let form = people(language, "/oidc/device", &[("user_code", user_code)]);
    let body = format!(
        "{}<p>{} <strong>{}</strong></p>{form}",
        asking(language, client_id),
        escape(compare),
        escape(user_code)
    );
    page(StatusCode::OK, language, title(language), &body, "")
}

/// The same for a service of CAS.
pub(crate) fn show_service(language: Language, client_id: &str, service: &str, return_origin: &str) -> Response {
    let form = people(language, "/cas/login", &[("service", service)]);
    let body = format!("{}{form}", asking(language, client_id));
    page(StatusCode::OK, language, title(language), &body, &format!(" {return_origin}"))
}

const fn title(language: Language) -> &'static str {
    pick(language, "统一身份认证（沙箱）", "Unified sign-in (sandbox)")
}

fn asking(language: Language, client_id: &str) -> String {
    let notice = pick(
        language,
        "这是沙箱：下列人员均为虚构，点选即登录，无需口令。",
        "This is a sandbox: nobody below exists; choosing one signs in, there is no password.",
    );
    format!(
        "<p class=\"notice\">{}</p><p>{} <strong>{}</strong></p>",
        escape(notice),
        escape(pick(language, "请求登录的应用：", "The application asking:")),
        escape(client_id),
    )
}

fn people(language: Language, action: &str, parameters: &[(&str, &str)]) -> String {
    let fields: String = parameters.iter().map(|(name, value)| hidden(name, value)).collect();
    let people: String = EVERYBODY.iter().map(|person| button(language, person)).collect();
    format!(
        "<form method=\"post\" action=\"{action}\">{fields}<ul class=\"people\">{people}</ul>\
         <button class=\"plain\" name=\"person\" value=\"\">{}</button></form>",
        escape(pick(language, "拒绝登录", "Do not sign in")),
    )
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
