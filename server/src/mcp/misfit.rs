//! Requests whose method is known and whose parameters are not as it has them: what is wrong with them, in words.

use rmcp::ErrorData;
use rmcp::model::{
    CallToolRequestParams, CustomRequest, ErrorCode, ReadResourceRequestParams, SubscribeRequestParams,
    UnsubscribeRequestParams,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The answer to a request that the protocol's types have no place for: that its parameters are wrong, or that there is no such
/// method.
pub fn answer(request: &CustomRequest) -> ErrorData {
    let (method, params) = (request.method.as_str(), request.params.clone().unwrap_or_default());
    let wrong = match method {
        "tools/call" => misfit::<CallToolRequestParams>(params),
        "resources/read" => misfit::<ReadResourceRequestParams>(params),
        "resources/subscribe" => misfit::<SubscribeRequestParams>(params),
        "resources/unsubscribe" => misfit::<UnsubscribeRequestParams>(params),
        _ => {
            return ErrorData::new(ErrorCode::METHOD_NOT_FOUND, format!("there is no method {method}"), None);
        }
    };
    let why = wrong.unwrap_or_else(|| "they are not as the protocol has them".to_owned());
    ErrorData::invalid_params(format!("the params of {method} are wrong: {why}"), None)
}

/// What keeps this from being such parameters.
fn misfit<P: DeserializeOwned>(params: Value) -> Option<String> {
    serde_json::from_value::<P>(params).err().map(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wrong_parameters_are_told_from_an_unknown_method() {
        let said = |method: &str, params: Value| {
            let error = answer(&CustomRequest::new(method, Some(params)));
            format!("{} {}", error.code.0, error.message)
        };
        assert_eq!(
            said("tools/call", json!({ "name": 5 })),
            "-32602 the params of tools/call are wrong: invalid type: integer `5`, expected a string"
        );
        assert_eq!(
            said("tools/call", json!({ "name": "join", "arguments": [] })),
            "-32602 the params of tools/call are wrong: invalid type: sequence, expected a map"
        );
        assert_eq!(
            said("resources/read", json!({})),
            "-32602 the params of resources/read are wrong: missing field `uri`"
        );
        assert_eq!(said("tools/cal", json!({})), "-32601 there is no method tools/cal");
    }
}
