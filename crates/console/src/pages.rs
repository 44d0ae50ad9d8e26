//! The pages: which path leads to which.

mod conversations;
mod dead_letters;
mod destinations;
mod event;
mod functions;
mod health;
mod link;
mod live;
mod logs;
mod machines;
mod path;
mod queues;
mod rules;
mod streams;
mod subscriptions;
mod tables;
mod webhooks;

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
        ["rules"] => rules::sheet(source, visit).await,
        ["rules", bus, name] => rules::one(source, visit, bus, name).await,
        ["queues"] => queues::sheet(source).await,
        ["queues", name] => queues::one(source, visit, name).await,
        ["dead-letters"] => dead_letters::sheet(source, visit).await,
        ["dead-letters", queue] => dead_letters::one(source, visit, queue).await,
        ["conversations", id] => conversations::sheet(source, id).await,
        ["functions"] => functions::sheet(source).await,
        ["functions", name] => functions::one(source, visit, name).await,
        ["state-machines"] => machines::sheet(source).await,
        ["state-machines", name] => machines::one(source, visit, name).await,
        ["state-machines", machine, name] => machines::execution(source, machine, name).await,
        ["tables"] => tables::sheet(source).await,
        ["tables", name] => tables::one(source, name).await,
        ["logs"] => logs::sheet(source).await,
        ["logs", group] => logs::one(source, visit, group).await,
        ["destinations"] => destinations::sheet(source).await,
        ["subscriptions"] => subscriptions::sheet(source).await,
        ["subscriptions", id] => subscriptions::one(source, visit, id).await,
        ["streams"] => streams::sheet(source).await,
        ["streams", id] => streams::one(source, id).await,
        ["webhooks"] => webhooks::sheet(source).await,
        ["webhooks", name] => webhooks::one(source, name).await,
        ["health"] => health::sheet(source, visit).await,
        _ => {
            let words = format!("The console has no page {}.", visit.path.join("/"));
            Err(Error { status: 404, ..Error::sender("ResourceNotFoundException", words) })
        }
    }
}
