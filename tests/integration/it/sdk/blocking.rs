//! The same without `async`.

use tongqiao::{ReceiptKind, blocking};
use tongqiao_protocol::Suite;

use super::sandbox::{Sandbox, draft};

#[test]
fn a_program_without_a_runtime_opens_a_case() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sandbox = runtime.block_on(Sandbox::start());
    let credentials = runtime.block_on(sandbox.enrol("civil-affairs", Suite::International));

    let client = blocking::Client::build(sandbox.builder(&credentials).store(sandbox.path("blocking.sqlite"))).unwrap();
    let draft = client.wait(draft(client.inner()));
    let case = client.open(&draft).unwrap();
    assert_eq!(client.settled(&case).unwrap().kind, ReceiptKind::Settled);
    client.close();
}
