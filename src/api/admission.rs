//! How a request is let in. The order is the same for all dialects: token, the token's addresses, its
//! permission, then the parameters and the Idempotency-Key. A [`Dialect`] says where its clients put the
//! token, what they send, and how they read a refusal.

use super::access::authorize;
use super::error::ApiError;
use super::idempotency::{Key, KeyedAnswer};
use super::refusal::ErrorAnswer;
use super::{Api, Call};
use crate::domain::permission::Permission;
use crate::domain::{Timestamp, TokenId};
use crate::http::{Headers, Request, client_address};
use crate::store::settings::Settings;
use crate::store::{self, ReadTx};

/// What each dialect has in its own way.
pub(super) trait Dialect {
    /// What is read of query and body.
    type Params;

    /// What its handlers refuse with.
    type Error: From<ApiError> + From<store::Error>;

    /// Whether the token may be among the parameters, which are read before it is looked for then.
    const HAS_TOKEN_IN_PARAMS: bool = false;

    /// Reads query and body.
    ///
    /// # Errors
    /// Whatever makes them unreadable.
    fn params(request: Request) -> Result<Self::Params, ApiError>;

    /// What an Idempotency-Key remembers of the request.
    fn digest(headers: &Headers, params: &Self::Params) -> [u8; 32];

    /// The token as the request has it; the parameters are there if [`Dialect::HAS_TOKEN_IN_PARAMS`].
    ///
    /// # Errors
    /// [`ApiError::NoToken`], or [`ApiError::Authentication`] for something that cannot be one.
    fn token<'r>(headers: &'r Headers, params: Option<&'r Self::Params>) -> Result<&'r str, ApiError>;

    /// Why a token does not let in, in the dialect's words.
    fn denied(error: ApiError) -> Self::Error {
        error.into()
    }

    /// A permission that these parameters take beside the endpoint's.
    fn further_permission(_: Option<&Self::Params>) -> Option<Permission> {
        None
    }

    /// What else it takes to be let in.
    ///
    /// # Errors
    /// The refusal.
    fn check(_: Option<&Self::Params>, _: &Settings) -> Result<(), Self::Error> {
        Ok(())
    }

    /// A refusal as its clients read it; without the settings when those could not be read. Failures of ours
    /// are logged here, where they stop travelling.
    fn print(error: Self::Error, settings: Option<&Settings>) -> ErrorAnswer;
}

/// What a request wants.
pub(super) struct Wanted {
    /// The permission it takes.
    pub(super) permission: Permission,
    /// Whether it is done once for an Idempotency-Key.
    pub(super) is_once: bool,
}

/// Lets a request in, or refuses it. The token is looked up on the caller's snapshot, or on one of its own
/// that ends before the parameters are read.
///
/// # Errors
/// The refusal, printed.
pub(super) fn admit<'a, D: Dialect>(
    api: &'a Api,
    wanted: &Wanted,
    request: Request,
    snapshot: Option<&ReadTx<'_>>,
    now: Timestamp,
) -> Result<Call<'a, D::Params>, ErrorAnswer> {
    let address = client_address(request.peer, &request.headers, &api.rules().trusted_proxies);
    let (headers, path, client) = (request.headers.clone(), request.path.clone(), request.client.clone());
    let (mut unread, mut params) = (Some(request), None);
    if D::HAS_TOKEN_IN_PARAMS
        && let Some(request) = unread.take()
    {
        params = Some(D::params(request).map_err(|error| D::print(error.into(), None))?);
    }
    let check = |tx: &ReadTx<'_>| {
        let settings = tx.settings()?;
        let token = token_checked::<D>(tx, wanted.permission, &headers, params.as_ref(), address);
        let checked = token.and_then(|token| D::check(params.as_ref(), &settings).map(|()| token));
        Ok::<_, D::Error>((settings, checked))
    };
    let checked = match snapshot {
        Some(tx) => check(tx),
        None => api.store.read(check),
    };
    let (settings, checked) = checked.map_err(|error| D::print(error, None))?;
    let print = |error: ApiError| D::print(error.into(), Some(&settings));
    let token = checked.map_err(|error| D::print(error, Some(&settings)))?;
    api.note_use(token, now);
    let params = match (params, unread) {
        (Some(params), _) => params,
        (None, Some(request)) => D::params(request).map_err(print)?,
        (None, None) => return Err(print(ApiError::Broken("a request without its parameters".to_owned()))),
    };
    let key = if wanted.is_once {
        Key::of(&headers, token, &path, D::digest(&headers, &params)).map_err(print)?
    } else {
        None
    };
    Ok(Call { api, settings, params, key, address, client, now })
}

/// Checks the token of a request: that there is one, that it works at all, from there, for that.
///
/// # Errors
/// Those of [`authorize`] and [`Dialect::token`], in the dialect's words.
pub(super) fn token_checked<D: Dialect>(
    tx: &ReadTx<'_>,
    permission: Permission,
    headers: &Headers,
    params: Option<&D::Params>,
    address: std::net::IpAddr,
) -> Result<TokenId, D::Error> {
    let token = D::token(headers, params).map_err(D::denied)?;
    let id = authorize(tx, token, address, permission).map_err(D::denied)?;
    if let Some(further) = D::further_permission(params) {
        authorize(tx, token, address, further).map_err(D::denied)?;
    }
    Ok(id)
}

/// Lets a request in and does what it asks for, or gives the answer its Idempotency-Key got before.
///
/// # Errors
/// The refusal, which is kept for the key if repeating the request could not give another one.
pub(super) fn act<D: Dialect>(
    api: &Api,
    wanted: &Wanted,
    request: Request,
    handler: impl FnOnce(&Call<'_, D::Params>) -> Result<KeyedAnswer, D::Error>,
    now: Timestamp,
) -> Result<KeyedAnswer, ErrorAnswer> {
    let call = admit::<D>(api, wanted, request, None, now)?;
    let print = |error: D::Error| D::print(error, Some(&call.settings));
    let Some(key) = &call.key else { return handler(&call).map_err(print) };
    if let Some(reply) = key.replay(&api.store, now).map_err(|error| print(error.into()))? {
        return Ok(reply);
    }
    let refusal = match handler(&call) {
        Ok(reply) => return Ok(reply),
        Err(error) => print(error),
    };
    if let Some(reply) = refusal.kept() {
        let kept = api.store.write(|tx| key.keep_reply(tx, reply, now));
        kept.map_err(|error| print(error.into()))?;
    }
    Err(refusal)
}
