//! Names of buses.

/// The name of a bus, by its name or its ARN.
pub(in crate::import) fn bus_name(text: &str) -> String {
    let name = text.split_once("event-bus/").map_or(text, |(_, name)| name);
    if name.is_empty() { crate::resource::bus::DEFAULT.to_owned() } else { name.to_owned() }
}

/// Whether a bus is a partner's: the file cannot make it.
pub(in crate::import) fn is_partner(bus: &str) -> bool {
    bus.starts_with("aws.partner/")
}
