//! The platform has every address of the route table, and lets in whom the table lets in.

use reqwest::Method;
use serde_json::Value;
use tongqiao_protocol::routes::{self, Access, ROUTES};

use super::department::{Tamper, World};

const SOME_ID: &str = "01936b2e-7f5a-7c3e-9f10-0000000000ff";

fn method(route: &routes::Route) -> Method {
    route.method.as_str().parse().unwrap()
}

/// The path with an id in every place that wants one.
fn concrete(route: &routes::Route) -> String {
    let parts = route.path.split('/').map(|part| if part.starts_with('{') { SOME_ID } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn an_unsigned_request_is_let_in_exactly_where_the_table_says_so() {
    let world = World::new().await;
    for route in ROUTES {
        let answer = world.department.plain(method(route), &concrete(route), &Value::Null).await;
        let unsigned = answer.code() == "signature.missing";
        assert_eq!(
            unsigned,
            route.access == Access::Signed,
            "{} {}: {:#}",
            route.method.as_str(),
            route.path,
            answer.body
        );
        assert_ne!(answer.code(), "request.unknown_route", "{}", route.path);
        assert_ne!(answer.code(), "request.method_not_allowed", "{}", route.path);
    }
}

#[tokio::test]
async fn the_other_method_is_refused_on_every_address_that_has_only_one() {
    let world = World::new().await;
    for route in ROUTES {
        let other = if method(route) == Method::GET { Method::DELETE } else { Method::PUT };
        let answer = world.department.plain(other, &concrete(route), &Value::Null).await;
        assert_eq!(answer.code(), "request.method_not_allowed", "{}: {:#}", route.path, answer.body);
    }
}

#[tokio::test]
async fn a_body_of_the_table_s_size_is_read_and_one_byte_more_is_not() {
    let world = World::new().await;
    for route in ROUTES {
        for (size, too_large) in [(route.body_bytes_max, false), (route.body_bytes_max + 1, true)] {
            // Blanks are no JSON: whatever else is wrong with them is found after the size.
            let body = vec![b' '; size];
            let answer = world.department.send(method(route), &concrete(route), &body, &Tamper::default()).await;
            let (name, place) = (route.method.as_str(), route.path);
            assert_eq!(answer.code() == "request.too_large", too_large, "{name} {place} {size}: {:#}", answer.body);
        }
    }
}

#[tokio::test]
async fn the_largest_record_passes_through_the_table_and_a_larger_one_is_refused_as_a_record() {
    use base64::Engine as _;
    use tongqiao_protocol::limits::MESSAGE_BYTES_MAX;

    let world = World::new().await;
    for (size, code) in [(MESSAGE_BYTES_MAX, "request.malformed_json"), (MESSAGE_BYTES_MAX + 1, "record.too_large")] {
        let signed = world.department.sign("tongqiao-bill-v1", &vec![b' '; size]);
        let encoded = base64::engine::general_purpose::STANDARD.encode(vec![b' '; size]);
        assert_eq!(signed["record"], Value::String(encoded));
        let answer = world.department.post("/v1/bills", &signed).await;
        assert_eq!(answer.code(), code, "{size}: {:#}", answer.body);
    }
}
