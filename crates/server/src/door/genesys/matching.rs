//! Which route a path is, and what fills its holes.

use genesys::platform::response::ApiError;

use crate::door::genesys::{Route, Run};

/// The route of a request and what fills its holes.
///
/// # Errors
/// 404 where there is no such path, 405 where it is there for other methods.
pub(crate) fn find(tables: &[&[Route]], method: &str, path: &str) -> Result<(Run, Vec<String>), ApiError> {
    let mut is_path = false;
    for route in tables.iter().copied().flatten() {
        let Some(holes) = holes(route.path, path) else { continue };
        if route.method == method {
            return Ok((route.run, holes));
        }
        is_path = true;
    }
    Err(if is_path {
        ApiError::new(405, "method.not.allowed", "HTTP 405 Method Not Allowed")
    } else {
        // Words and code of a recorded answer to a path that is not there.
        ApiError::new(404, "not found", "HTTP 404 Not Found")
    })
}

/// What fills the holes of a template, percent-decoded; `None` where the path is another.
fn holes(template: &str, path: &str) -> Option<Vec<String>> {
    let mut holes = Vec::new();
    let mut segments = path.trim_end_matches('/').split('/');
    for part in template.split('/') {
        let segment = segments.next()?;
        match part {
            "{}" if !segment.is_empty() => holes.push(decoded(segment)?),
            _ if part == segment => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(holes)
}

fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        let digits = std::str::from_utf8(&digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::holes;

    #[test]
    fn a_path_fits_its_template() {
        let found = |template, path| holes(template, path).map(|holes| holes.join(" "));
        assert_eq!(found("/api/v2/users", "/api/v2/users/"), Some(String::new()));
        assert_eq!(found("/api/v2/users/{}", "/api/v2/users/a%20b"), Some("a b".to_owned()));
        assert_eq!(found("/api/v2/users/{}", "/api/v2/users"), None);
        assert_eq!(found("/api/v2/users/{}", "/api/v2/users/"), None);
        assert_eq!(found("/api/v2/users/{}", "/api/v2/users/a/b"), None);
        assert_eq!(found("/api/v2/users/{}", "/api/v2/users/%f"), None);
    }
}
