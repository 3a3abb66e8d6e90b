//! `herald endpoints`: who is registered.

use crate::arguments::EndpointsArguments;
use crate::exit::Failure;
use crate::{ask, print, time};
use server::control::{Answer, Question};
use std::path::Path;

/// Lists the registered endpoints.
pub fn run(data: &Path, arguments: &EndpointsArguments) -> Result<(), Failure> {
    let question = Question::Endpoints { filter: arguments.filter.clone(), limit: arguments.limit };
    let mut rows = Vec::new();
    ask::each(data, &question, |answer| {
        let Answer::Endpoint(endpoint) = answer else { return Ok(()) };
        if arguments.json {
            return print::json(&endpoint);
        }
        rows.push([
            endpoint.presentity.unwrap_or_default(),
            endpoint.aliases.iter().map(|(_, alias)| alias.as_str()).collect::<Vec<_>>().join(", "),
            endpoint.kind,
            endpoint.ras_address,
            endpoint.state,
            format!("{} ago", time::ago(endpoint.heard_at)),
            endpoint.product.unwrap_or_default(),
        ]);
        Ok(())
    })?;
    if arguments.json {
        return Ok(());
    }
    if rows.is_empty() {
        return print::line("No endpoint is registered.");
    }
    print::table(["ADDRESS", "NAMES", "KIND", "RAS ADDRESS", "STATE", "HEARD", "PRODUCT"], &rows)?;
    if rows.len() == arguments.limit {
        print::line(&format!("There may be more than these {}; see --limit.", rows.len()))?;
    }
    Ok(())
}
