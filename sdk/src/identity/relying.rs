//! The relying party: the types of the crate that does the protocol, with our claims in them, and its way to our transport.

use std::pin::Pin;
use std::sync::Arc;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthorizationCode, Client as RelyingParty, DeviceAuthorizationUrl, DiscoveryError,
    EmptyExtraTokenFields, EndSessionUrl, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, IdToken,
    IdTokenFields, IssuerUrl, PkceCodeVerifier, ProviderMetadata, RequestTokenError, StandardErrorResponse,
    StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use tongqiao_protocol::ErrorCode;

use super::subject::Claims;
use crate::Error;
use crate::client::Shared;
use crate::transport::{Sending, TransportFailure};

pub(super) type Token = IdToken<Claims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
pub(super) type Fields = IdTokenFields<
    Claims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
pub(super) type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
pub(super) type Party = RelyingParty<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

pub(super) type Metadata = ProviderMetadata<
    Endpoints,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What a provider's metadata say of the device flow (RFC 8628, 4) and of logging out, if they do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Endpoints {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) device_authorization_endpoint: Option<DeviceAuthorizationUrl>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) end_session_endpoint: Option<EndSessionUrl>,
}

impl AdditionalProviderMetadata for Endpoints {}

/// A question to the provider under way.
pub(super) type Asking<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// Metadata and keys from the provider; boxed so that callers' futures are `Send` for every lifetime.
pub(super) fn discover(
    issuer: IssuerUrl,
    http: impl Fn(HttpRequest) -> Sending<'static> + Send + Sync + 'static,
) -> Asking<Metadata> {
    Box::pin(async move { Metadata::discover_async(issuer, &http).await.map_err(discovery_error) })
}

/// The tokens for a code; boxed likewise.
pub(super) fn exchange_code(
    party: Party,
    code: AuthorizationCode,
    verifier: PkceCodeVerifier,
    http: impl Fn(HttpRequest) -> Sending<'static> + Send + Sync + 'static,
) -> Asking<Tokens> {
    Box::pin(async move {
        let exchange = party
            .exchange_code(code)
            .map_err(|error| Error::of(ErrorCode::IdentityTokenInvalid).because(error))?
            .set_pkce_verifier(verifier);
        exchange.request_async(&http).await.map_err(token_error)
    })
}

/// The crate's way to our transport.
///
/// It owns what it needs: a future that borrowed it would be `Send` for some lifetimes only, and could not be spawned.
pub(super) fn http_client(shared: &Shared) -> impl Fn(HttpRequest) -> Sending<'static> + use<> {
    let transport = shared.exchange.shared_transport();
    move |request: HttpRequest| {
        let transport = Arc::clone(&transport);
        Box::pin(async move { transport.send(request).await })
    }
}

fn discovery_error(error: DiscoveryError<TransportFailure>) -> Error {
    match error {
        DiscoveryError::Request(failure) => Error::from(failure),
        other => Error::of(ErrorCode::IdentityKeysUnavailable).detail(other.to_string()),
    }
}

/// The code is spent in any case: a sign-in whose exchange failed begins again.
pub(super) fn token_error(
    error: RequestTokenError<TransportFailure, StandardErrorResponse<CoreErrorResponseType>>,
) -> Error {
    match error {
        RequestTokenError::Request(failure) => Error::from(failure),
        RequestTokenError::ServerResponse(refusal) => {
            Error::of(ErrorCode::IdentityDenied).detail(refusal.error().to_string())
        }
        // The crate's own error may hold the answer with its tokens: only its words are kept.
        RequestTokenError::Parse(error, _) => Error::of(ErrorCode::IdentityTokenInvalid).detail(error.to_string()),
        other => Error::of(ErrorCode::IdentityTokenInvalid).detail(other.to_string()),
    }
}
