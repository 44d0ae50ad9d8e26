//! Templates that are too large to be sent: put into a bucket, from where CloudFormation reads them.

use aws::encoding::hex;
use aws_client::{Endpoint, ServiceRequest};
use sha2::{Digest, Sha256};

use crate::stack::client::CloudFormation;
use crate::stack::error::StackError;

const S3: &str = "s3";
const FOLDER: &str = "trunkline";

/// Checks the form of a bucket's name.
///
/// # Errors
/// A sentence with the form. Source: "General purpose bucket naming rules" in the S3 user guide.
pub fn check_bucket(name: &str) -> Result<(), String> {
    let is_sign = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    let is_end =
        |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let (first, last) = (name.bytes().next(), name.bytes().last());
    if (3..=63).contains(&name.len()) && name.bytes().all(is_sign) && is_end(first) && is_end(last) {
        return Ok(());
    }
    Err("a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens, such as my-templates"
        .to_owned())
}

impl CloudFormation {
    /// Puts a template into a bucket of the region, under a name that its content gives; its URL.
    ///
    /// # Errors
    /// S3's words, with the next step.
    pub async fn upload(&self, bucket: &str, template: &str) -> Result<String, StackError> {
        let digest = hex(&Sha256::digest(template.as_bytes()));
        // Letters, digits and hyphens alone, so that the path is signed as it is sent: S3 encodes it once, other services twice.
        let path = format!("/{bucket}/{FOLDER}/{digest}.template");
        let official = Endpoint::official(S3, self.region());
        let endpoint = self.own_endpoint().unwrap_or(&official);
        let request = ServiceRequest {
            service: S3,
            region: self.region(),
            endpoint: Some(endpoint),
            method: "PUT",
            path: path.clone(),
            headers: vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                ("x-amz-content-sha256".to_owned(), digest),
            ],
            body: template.to_owned(),
        };
        self.sent("PutObject", request).await.map_err(|error| self.explained(bucket, error))?;
        Ok(format!("{}{}{path}", endpoint.origin, endpoint.prefix))
    }

    fn explained(&self, bucket: &str, error: StackError) -> StackError {
        let region = self.region();
        let advice = match error.code.as_str() {
            "NoSuchBucket" => format!("`aws s3 mb s3://{bucket} --region {region}` makes it"),
            "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => {
                format!("the bucket {bucket} is in another region: name one in {region}")
            }
            "AccessDenied" => {
                format!(
                    "whoever deploys needs s3:PutObject and s3:GetObject on arn:aws:s3:::{bucket}/{FOLDER}/*"
                )
            }
            _ => return error,
        };
        StackError::refused(format!(
            "the template cannot be put into the bucket {bucket}: {} {}; {advice}",
            error.code, error.message
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::check_bucket;

    #[test]
    fn a_buckets_name_has_a_form() {
        for name in ["abc", "my-templates.1", &"a".repeat(63)] {
            check_bucket(name).unwrap();
        }
        for name in ["", "ab", "Upper", "a/b", "-ab", "ab.", "a b c", &"a".repeat(64)] {
            check_bucket(name).unwrap_err();
        }
    }
}
