//! The error in an answer of AWS's, whatever its protocol.

use http_client::Response;
use serde_json::Value;

use crate::xml;

/// What a service says where it refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsError {
    /// The error's name without its namespace: `AccessDenied`; empty where the answer names none.
    pub code: String,
    /// The service's own words; empty where it has none.
    pub message: String,
}

impl AwsError {
    /// The error of an answer that is no success: in the header, in JSON (`__type`, or `code` as metadata endpoints write it), or in
    /// XML.
    pub fn of(answer: &Response) -> Self {
        let header = answer.header("x-amzn-errortype").map(str::to_owned);
        if let Ok(json) = serde_json::from_slice::<Value>(&answer.body) {
            let member =
                |names: &[&str]| names.iter().find_map(|name| json.get(name)?.as_str().map(str::to_owned));
            return Self {
                code: without_namespace(
                    &header.or_else(|| member(&["__type", "code", "Code"])).unwrap_or_default(),
                ),
                message: member(&["message", "Message"]).unwrap_or_default(),
            };
        }
        let text = String::from_utf8_lossy(&answer.body);
        Self {
            code: header
                .or_else(|| xml::text(&text, "Code"))
                .map(|name| without_namespace(&name))
                .unwrap_or_default(),
            message: xml::text(&text, "Message").unwrap_or_default(),
        }
    }
}

/// `com.amazonaws.sqs#QueueDoesNotExist:http://...` is `QueueDoesNotExist`.
fn without_namespace(name: &str) -> String {
    let name = name.split(':').next().unwrap_or_default();
    name.rsplit('#').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use http_client::Response;

    use super::AwsError;

    #[test]
    fn errors_are_read_in_every_protocol() {
        let cases = [
            (
                None,
                r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}"#,
                ("QueueDoesNotExist", "gone"),
            ),
            (
                Some("ResourceNotFoundException:http://x/"),
                r#"{"Message":"no"}"#,
                ("ResourceNotFoundException", "no"),
            ),
            (None, r#"{"code":"InvalidToken","message":"m"}"#, ("InvalidToken", "m")),
            (
                None,
                "<E><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no &lt;x&gt;</Message></Error></E>",
                ("AccessDenied", "no <x>"),
            ),
            (None, "<html>", ("", "")),
            (None, "", ("", "")),
        ];
        for (header, body, (code, message)) in cases {
            let header = header.map(|text| ("x-amzn-errortype".to_owned(), text.to_owned()));
            let answer = Response {
                status: 400,
                headers: header.into_iter().collect(),
                body: body.to_owned().into(),
                is_cut: false,
            };
            assert_eq!(
                AwsError::of(&answer),
                AwsError { code: code.to_owned(), message: message.to_owned() },
                "{body}"
            );
        }
    }
}
