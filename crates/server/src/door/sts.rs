//! STS, as far as SDKs and scripts ask it who they are: GetCallerIdentity, in the query protocol's XML.

use aws::{Call, Error};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::door::protocol::Wire;
use crate::door::xml::{XML, escape};

/// Operations served; <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>.
pub(crate) const OPERATIONS: &[&str] = &["GetCallerIdentity"];

pub(crate) fn answer(operation: &str, call: &Call) -> Response {
    if !OPERATIONS.contains(&operation) {
        return Wire::Query.error(&Error::unknown_operation("STS", operation), &call.request_id);
    }
    let account = escape(&call.account);
    let body = format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::{account}:root</Arn><UserId>{account}</UserId><Account>{account}</Account>\
         </GetCallerIdentityResult><ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></GetCallerIdentityResponse>",
        call.request_id
    );
    (StatusCode::OK, XML, [("x-amzn-requestid", call.request_id.as_str())], body).into_response()
}
