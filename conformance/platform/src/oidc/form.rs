//! Parameters in `application/x-www-form-urlencoded`, as OAuth sends them.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::failure::OauthError;

/// What a client posted. An empty value means that the parameter was left out (RFC 6749, 3.2).
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a body that says what it is.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, OauthError> {
        let form_encoded = headers
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
        if !form_encoded {
            return Err(OauthError::invalid_request("the body must be application/x-www-form-urlencoded"));
        }
        Ok(Self::parse(body))
    }

    /// Reads a query, or a body whose kind does not matter.
    pub(super) fn parse(encoded: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The value, which may be given once only.
    pub(super) fn get(&self, name: &str) -> Result<Option<String>, OauthError> {
        let mut values = self.0.iter().filter(|(key, value)| key == name && !value.is_empty());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(OauthError::invalid_request(format!("{name} is given more than once"))),
            (value, None) => Ok(value.map(|(_, value)| value.clone())),
        }
    }

    /// The same, for one that must be there.
    pub(super) fn required(&self, name: &str) -> Result<String, OauthError> {
        self.get(name)?.ok_or_else(|| OauthError::invalid_request(format!("{name} is missing")))
    }

    /// The value as it stands, also an empty one.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}
