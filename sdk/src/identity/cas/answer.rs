//! What a CAS server answers to a ticket: XML, read without entities, without a document type, and within limits.

use std::collections::BTreeMap;

use roxmltree::{Document, Node, ParsingOptions};
use tongqiao_protocol::{ErrorCode, ticket_failure};

use super::invalid;
use crate::Error;

/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;
/// The most elements, attributes and texts of one.
const NODES_MAX: u32 = 4_096;
const NAMESPACE: &str = "http://www.yale.edu/tp/cas";
/// A foreign code is told up to this length.
const CODE_CHARS_MAX: usize = 64;

/// A ticket was good.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) user: String,
    pub(super) attributes: BTreeMap<String, Vec<String>>,
}

impl Answer {
    /// Reads an answer; a refusal is an error with the code that the table gives it.
    pub(super) fn read(text: &str) -> Result<Self, Error> {
        if text.len() > ANSWER_BYTES_MAX {
            return Err(invalid("the answer is longer than 64 KiB"));
        }
        // No document type at all: whatever entities it declares are never expanded.
        let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, entity_resolver: None };
        let document = Document::parse_with_options(text, options)
            .map_err(|error| invalid("the answer is not the XML of CAS").because(error))?;
        let root = document.root_element();
        if !is(&root, "serviceResponse") {
            return Err(invalid("the answer is no serviceResponse"));
        }
        let parts: Vec<_> = root.children().filter(Node::is_element).collect();
        match parts.as_slice() {
            [success] if is(success, "authenticationSuccess") => Self::of(success),
            [failure] if is(failure, "authenticationFailure") => Err(refused(failure)),
            _ => Err(invalid("the answer is neither one success nor one failure")),
        }
    }

    fn of(success: &Node<'_, '_>) -> Result<Self, Error> {
        let named = |name: &str| success.children().filter(|child| is(child, name)).collect::<Vec<_>>();
        if !named("proxies").is_empty() {
            return Err(invalid("the ticket came through a proxy"));
        }
        let [user] = named("user")[..] else { return Err(invalid("the answer does not name one user")) };
        let user = text_of(&user)?;
        if user.is_empty() {
            return Err(invalid("the answer names nobody"));
        }
        let mut attributes = BTreeMap::<String, Vec<String>>::new();
        for list in named("attributes") {
            for attribute in list.children().filter(Node::is_element) {
                let name = attribute.tag_name().name().to_owned();
                attributes.entry(name).or_default().push(text_of(&attribute)?);
            }
        }
        Ok(Self { user, attributes })
    }
}

fn is(node: &Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name && node.tag_name().namespace() == Some(NAMESPACE)
}

/// The text of an element that holds nothing else: a comment in the middle would let two readers read two names.
fn text_of(element: &Node<'_, '_>) -> Result<String, Error> {
    if element.children().any(|child| !child.is_text()) {
        return Err(invalid("an element of the answer holds more than text"));
    }
    Ok(element.children().filter_map(|text| text.text()).collect::<String>().trim().to_owned())
}

fn refused(failure: &Node<'_, '_>) -> Error {
    let code = failure.attribute("code").unwrap_or_default().trim();
    match ticket_failure::find(code) {
        Some(known) => Error::of(known.error()).detail(format!("{code}: {}", known.en())),
        None => {
            let shown: String = code.chars().filter(char::is_ascii_graphic).take(CODE_CHARS_MAX).collect();
            Error::of(ErrorCode::IdentityDenied).detail(format!("refused with a code that is not known: {shown}"))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    fn success(inner: &str) -> String {
        format!(
            "<cas:serviceResponse xmlns:cas=\"http://www.yale.edu/tp/cas\"><cas:authenticationSuccess>{inner}\
             </cas:authenticationSuccess></cas:serviceResponse>"
        )
    }

    fn code(text: &str) -> ErrorCode {
        Answer::read(text).unwrap_err().code()
    }

    #[test]
    fn user_and_attributes_are_read_whatever_the_prefix() {
        let text = success(
            "<cas:user> u-1 </cas:user><cas:attributes><cas:userId>7</cas:userId><cas:role>a</cas:role>\
             <cas:role>b &amp; c</cas:role></cas:attributes>",
        );
        let expected = Answer {
            user: "u-1".to_owned(),
            attributes: BTreeMap::from([
                ("role".to_owned(), vec!["a".to_owned(), "b & c".to_owned()]),
                ("userId".to_owned(), vec!["7".to_owned()]),
            ]),
        };
        assert_eq!(Answer::read(&text).unwrap(), expected);
        assert_eq!(Answer::read(&text.replace("cas:", "x:").replace("xmlns:cas", "xmlns:x")).unwrap(), expected);
        let default = "<serviceResponse xmlns=\"http://www.yale.edu/tp/cas\"><authenticationSuccess><user>u-1</user>\
                       </authenticationSuccess></serviceResponse>";
        assert_eq!(Answer::read(default).unwrap().user, "u-1");
    }

    #[test]
    fn every_refusal_has_the_code_that_the_table_gives_it() {
        for failure in ticket_failure::all() {
            let text = format!(
                "<cas:serviceResponse xmlns:cas=\"{NAMESPACE}\"><cas:authenticationFailure code=\"{}\">why\
                 </cas:authenticationFailure></cas:serviceResponse>",
                failure.code()
            );
            assert_eq!(code(&text), failure.error(), "{}", failure.code());
            assert_eq!(code(&text.replace(failure.code(), "X")), ErrorCode::IdentityDenied);
        }
    }

    #[test]
    fn what_is_hostile_or_ambiguous_signs_nobody_in() {
        let good = success("<cas:user>u-1</cas:user>");
        let entity = "<!DOCTYPE x [<!ENTITY u SYSTEM \"file:///etc/passwd\">]>";
        let laughs = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
        let failure = "<cas:authenticationFailure code=\"INVALID_TICKET\"/>";
        for (what, text) in [
            ("nothing", String::new()),
            ("no XML", "yes\nu-1\n".to_owned()),
            ("a document type", format!("{entity}{good}")),
            ("an external entity", format!("{entity}{}", success("<cas:user>&u;</cas:user>"))),
            ("many laughs", format!("{laughs}{}", success("<cas:user>&b;</cas:user>"))),
            ("an unknown entity", success("<cas:user>&u;</cas:user>")),
            ("a comment in the name", success("<cas:user>u-1<!-- -->.other</cas:user>")),
            ("an instruction in the name", success("<cas:user>u-1<?x?>.other</cas:user>")),
            ("an element in the name", success("<cas:user>u-1<cas:x/></cas:user>")),
            ("two names", success("<cas:user>u-1</cas:user><cas:user>u-2</cas:user>")),
            ("no name", success("")),
            ("an empty name", success("<cas:user> </cas:user>")),
            ("a proxy", success("<cas:user>u-1</cas:user><cas:proxies><cas:proxy>x</cas:proxy></cas:proxies>")),
            ("another namespace", good.replace("yale", "harvard")),
            ("another root", good.replace("serviceResponse", "response")),
            (
                "success and failure",
                good.replace("</cas:serviceResponse>", &format!("{failure}</cas:serviceResponse>")),
            ),
            ("a nested success", success(&good)),
            ("too long", success(&format!("<cas:user>{}</cas:user>", "u".repeat(ANSWER_BYTES_MAX)))),
            ("too many elements", success(&format!("<cas:user>u</cas:user>{}", "<cas:x/>".repeat(5_000)))),
            ("cut off", good.chars().take(good.len() - 3).collect()),
        ] {
            assert_eq!(code(&text), ErrorCode::IdentityTokenInvalid, "{what}");
        }
    }
}
