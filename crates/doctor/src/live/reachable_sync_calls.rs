//! Whether SDKs find the server for the calls whose host they change.

use crate::live::{Facts, LiveCheck};

pub(super) const CHECK: LiveCheck = LiveCheck {
    name: "reachable-sync-calls",
    asks: "Where there are Express state machines: do SDKs reach StartSyncExecution?",
    why: "AWS's SDKs put `sync-` before the host of StartSyncExecution and TestState",
    fix: "turn it off in the client: boto3 `Config(inject_host_prefix=False)`, JavaScript `disableHostPrefix: true`, Java \
          `DISABLE_HOST_PREFIX_INJECTION`; or give the name to the resolver",
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let is_wanted = facts.state_machines.iter().any(|machine| machine.is_express);
    let host = facts.unknown_sync_host.iter().filter(|_| is_wanted);
    host.map(|host| format!("{host}, which an SDK calls, is known to no resolver here")).collect()
}
