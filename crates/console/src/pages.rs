//! The pages: which path leads to which.

mod dead_letters;
mod event;
mod health;
mod link;
mod live;
mod path;
mod queues;
mod rules;

use aws::Error;

use crate::answer::Visit;
use crate::layout::Sheet;
use crate::source::Source;

/// The page of a visit.
///
/// # Errors
/// `ResourceNotFoundException` (404) where no page has this path; the operations' that it asks.
pub(crate) async fn at(source: &Source, visit: &Visit) -> Result<Sheet, Error> {
    let segments: Vec<&str> = visit.path.iter().map(String::as_str).collect();
    match segments.as_slice() {
        [] => path::sheet(source).await,
        ["live"] => live::sheet(source, visit).await,
        ["events", id] => event::sheet(source, id).await,
        ["rules"] => rules::sheet(source).await,
        ["rules", bus, name] => rules::one(source, visit, bus, name).await,
        ["queues"] => queues::sheet(source).await,
        ["queues", name] => queues::one(source, visit, name).await,
        ["dead-letters"] => dead_letters::sheet(source, visit).await,
        ["dead-letters", queue] => dead_letters::one(source, visit, queue).await,
        ["health"] => health::sheet(source).await,
        _ => {
            let words = format!("The console has no page {}.", visit.path.join("/"));
            Err(Error { status: 404, ..Error::sender("ResourceNotFoundException", words) })
        }
    }
}
