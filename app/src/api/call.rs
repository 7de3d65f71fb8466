//! How a call travels: from the browser by HTTP, on the server straight into the hub.
//!
//! Each call is a Leptos server function written without the macro, since refusals have to carry their status, and mistakes in
//! the arguments have to be explained. `server_call!` declares one; [`CallJson`] is the protocol that all of them speak.

use engine::RefusalKind;
use server_fn::client::browser::BrowserClient;
use server_fn::{Protocol, ServerFn};

use super::error::ApiError;

#[cfg(feature = "ssr")]
pub use server_fn::axum::AxumServerFnBackend as Backend;
#[cfg(not(feature = "ssr"))]
pub use server_fn::mock::BrowserMockServer as Backend;

/// Where all calls lie.
pub const PREFIX: &str = "/api/v1/";

/// The name of a call and of its arguments.
pub trait Arguments {
    /// As in the path.
    const NAME: &'static str;
    /// The module that declares it: a file a noun.
    const MODULE: &'static str;
    /// Arguments that must be there.
    const NEEDED: &'static [&'static str];
    /// Arguments that may be left out or null.
    const OPTIONAL: &'static [&'static str];
    /// What the rules may say no to it with, beside an argument that makes no sense.
    const REFUSES: &'static [RefusalKind];
}

/// A call of the interface: its arguments, which are also the server function.
pub trait Call:
    ServerFn<Error = ApiError, InputStreamError = ApiError, OutputStreamError = ApiError> + Arguments + 'static
{
}

impl<T> Call for T where
    T: ServerFn<Error = ApiError, InputStreamError = ApiError, OutputStreamError = ApiError>
        + Arguments
        + 'static
{
}

/// Declares a call: its name, the struct of its arguments, what it answers, which arguments it needs, which it takes, and with
/// which refusals of the rules a caller has to reckon. What may be left out becomes an `Option`; `new` leaves out all of these. On the server, the struct has a function
/// `answer` that does what the call is for.
macro_rules! server_call {
    (
        $(#[$doc:meta])*
        $name:ident: $args:ident -> $output:ty,
        needs { $($(#[$need_doc:meta])* $need:ident: $need_type:ty,)* }
        takes { $($(#[$take_doc:meta])* $take:ident: $take_type:ty,)* }
        refuses { $($refusal:ident,)* }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields)]
        pub struct $args {
            $($(#[$need_doc])* pub $need: $need_type,)*
            $(
                $(#[$take_doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $take: Option<$take_type>,
            )*
        }

        impl $args {
            /// The call with what it needs, and nothing of what may be left out.
            #[allow(clippy::new_without_default, clippy::too_many_arguments)]
            pub fn new($($need: $need_type),*) -> Self {
                Self { $($need,)* $($take: None,)* }
            }
        }

        impl $crate::api::call::Arguments for $args {
            const NAME: &'static str = stringify!($name);
            const MODULE: &'static str = module_path!();
            const NEEDED: &'static [&'static str] = &[$(stringify!($need)),*];
            const OPTIONAL: &'static [&'static str] = &[$(stringify!($take)),*];
            const REFUSES: &'static [engine::RefusalKind] = &[$(engine::RefusalKind::$refusal),*];
        }

        impl server_fn::ServerFn for $args {
            const PATH: &'static str = concat!("/api/v1/", stringify!($name));
            type Client = server_fn::client::browser::BrowserClient;
            type Server = $crate::api::call::Backend;
            type Protocol = $crate::api::call::CallJson;
            type Output = $output;
            type Error = $crate::api::ApiError;
            type InputStreamError = $crate::api::ApiError;
            type OutputStreamError = $crate::api::ApiError;

            #[cfg(feature = "ssr")]
            async fn run_body(self) -> Result<$output, $crate::api::ApiError> {
                self.answer().await
            }

            #[cfg(not(feature = "ssr"))]
            async fn run_body(self) -> Result<$output, $crate::api::ApiError> {
                Err($crate::api::ApiError::internal("only the server answers calls"))
            }
        }
    };
}
pub(super) use server_call;

/// Makes a call: from the browser by HTTP, while rendering on the server without a detour.
#[cfg(not(feature = "ssr"))]
pub async fn call<C>(arguments: C) -> Result<C::Output, ApiError>
where
    C: Call + serde::Serialize,
    C::Output: serde::de::DeserializeOwned,
{
    let body = serde_json::to_string(&arguments).map_err(|error| ApiError::internal(error.to_string()))?;
    crate::read::from_json(&post(C::PATH, body).await?).map_err(ApiError::unreachable)
}

#[cfg(feature = "ssr")]
pub use super::door::call;

/// The protocol of all calls: a POST with a JSON object, answered in JSON. Refusals have a status of 400 or above.
pub struct CallJson;

/// Sends a body of JSON by HTTP, and answers the one that came back. Not generic: all calls share this code.
pub async fn post(path: &str, body: String) -> Result<Vec<u8>, ApiError> {
    let (status, answer) = fetch(path, &body).await.map_err(ApiError::unreachable)?;
    let answer = answer.into_bytes();
    if (200..300).contains(&status) {
        return Ok(answer);
    }
    #[cfg(feature = "hydrate")]
    if status == 401 {
        // The session has ended. Loaded anew, the page leads to where one logs in, and from there back to here. Not while something
        // is being written: that stays, and the dialog says what to do.
        match (crate::dom::find("#dialog[open] form"), leptos::prelude::document().document_element()) {
            (Some(_), Some(root)) => drop(root.set_attribute(crate::dom::OUT_MARK, "")),
            _ => drop(leptos::prelude::window().location().reload()),
        }
    }
    match crate::read::from_json::<ApiError>(&answer) {
        Ok(error) => Err(ApiError { status, ..error }),
        // Something between here and the server answered in its place.
        Err(_) => Err(ApiError::unreachable(format!("status {status}"))),
    }
}

/// Sends a body to a path by the browser's own `fetch`: status and text of what comes back, or why nothing did. What Leptos has for that
/// reads streams and gives up requests, too, which is 3 KB to load.
#[cfg(feature = "hydrate")]
async fn fetch(path: &str, body: &str) -> Result<(u16, String), String> {
    use js_sys::futures::JsFuture;
    use wasm_bindgen::{JsCast, JsValue};

    const JSON: &str = "application/json";
    let why = |error: JsValue| String::from(error.unchecked_ref::<js_sys::Object>().to_string());
    let request = web_sys::RequestInit::new();
    request.set_method("POST");
    request.set_body(&JsValue::from_str(body));
    let headers = web_sys::Headers::new().map_err(why)?;
    for name in ["content-type", "accept"] {
        headers.set(name, JSON).map_err(why)?;
    }
    request.set_headers(&headers);
    let sent = leptos::prelude::window().fetch_with_str_and_init(path, &request);
    let response: web_sys::Response = JsFuture::from(sent).await.map_err(why)?.unchecked_into();
    let text = JsFuture::from(response.text().map_err(why)?).await.map_err(why)?;
    Ok((response.status(), text.as_string().unwrap_or_default()))
}

/// Nothing that is drawn on the server asks by HTTP.
#[cfg(not(feature = "hydrate"))]
async fn fetch(_path: &str, _body: &str) -> Result<(u16, String), String> {
    Err("only the browser asks by HTTP".to_owned())
}

#[cfg(not(feature = "ssr"))]
impl<I, O> Protocol<I, O, BrowserClient, Backend, ApiError, ApiError, ApiError> for CallJson
where
    I: Arguments + serde::Serialize + Send,
    O: serde::de::DeserializeOwned + Send,
{
    const METHOD: http::Method = http::Method::POST;

    async fn run_server<F, Fut>(
        _request: server_fn::request::BrowserMockReq,
        _body: F,
    ) -> Result<server_fn::response::BrowserMockRes, ApiError>
    where
        F: Fn(I) -> Fut + Send,
        Fut: Future<Output = Result<O, ApiError>> + Send,
    {
        Err(ApiError::internal("only the server answers calls"))
    }

    async fn run_client(_path: &str, _input: I) -> Result<O, ApiError> {
        Err(ApiError::internal("calls are made by `api::call`"))
    }
}

#[cfg(feature = "ssr")]
impl<I, O> Protocol<I, O, BrowserClient, Backend, ApiError, ApiError, ApiError> for CallJson
where
    I: Arguments + super::access::Guarded + serde::Serialize + serde::de::DeserializeOwned + Send,
    O: serde::Serialize + serde::de::DeserializeOwned + Send,
{
    const METHOD: http::Method = http::Method::POST;

    async fn run_server<F, Fut>(
        request: axum::extract::Request,
        body: F,
    ) -> Result<axum::response::Response, ApiError>
    where
        F: Fn(I) -> Fut + Send,
        Fut: Future<Output = Result<O, ApiError>> + Send,
    {
        Ok(super::door::answer(request, body).await)
    }

    async fn run_client(_path: &str, _input: I) -> Result<O, ApiError> {
        Err(ApiError::internal("calls are made by `api::call`"))
    }
}
