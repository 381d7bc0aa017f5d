//! What threads and event loops cost: in the tab, on plain Pyodide's own loop, and natively.

use std::path::Path;

use serde_json::{Map, Value, json};

use axum::Router;
use tower_http::services::ServeDir;

use super::page::Page;
use super::table::Row;
use super::{Site, state, table};
use crate::command;
use crate::error::{Error, Result};
use crate::project::{self, Project};

const SOURCE: &str = include_str!("threads.py");
const COMMAND: &str = "gunicorn --timeout 0 app:app";
/// Threads that live at once.
const CROWD: u32 = 1000;
const LARGER_CROWD: u32 = 3000;

/// What is measured, in the order of the table, and its unit.
const FIGURES: [(&str, &str); 13] = [
    ("lock hand-over", "µs"),
    ("uncontended lock", "µs"),
    ("start + join", "µs"),
    ("call_soon", "/s"),
    ("sleep(0)", "/s"),
    ("asyncio.sleep(0.001)", "ms"),
    ("compute", "ms"),
    ("sleep(0.001) too long, median", "ms"),
    ("sleep(0.001) too long, 99 %", "ms"),
    ("sleep(0.005) too long, median", "ms"),
    ("sleep(0.005) too long, 99 %", "ms"),
    ("sleep(0.05) too long, median", "ms"),
    ("sleep(0.05) too long, 99 %", "ms"),
];

/// Measures in turns, `rounds` times.
pub(super) async fn measure(
    project: &Project,
    sites: &[Site<'_>],
    rounds: usize,
) -> Result<Vec<Row>> {
    let script = project.target("bench/threads.py");
    project::write(&script, SOURCE)?;
    let files = json!({ "app.py": SOURCE });
    let mut pages = Vec::new();
    for site in sites {
        // Pyodide as it is published: the site's has been changed.
        let published = ServeDir::new(project.path("node_modules/pyodide"));
        let more = Router::new().nest_service("/pyodide", published);
        let mut page = Page::open_with(site.dist, more).await?;
        page.run(&files, COMMAND).await?;
        pages.push(page);
    }
    let mut tabs = vec![Vec::new(); sites.len()];
    let (mut pyodide, mut native) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        for (page, figures) in pages.iter_mut().zip(&mut tabs) {
            figures.push(page.figures("/figures").await?);
        }
        if let Some(page) = pages.first_mut() {
            pyodide.push(page.pyodide(SOURCE).await?);
        }
        native.push(natively(&script)?);
    }
    for page in &mut pages {
        page.stop().await?;
    }
    let mut rows = Vec::new();
    for (name, unit) in FIGURES {
        let values = |all: &[Map<String, Value>]| -> Vec<f64> {
            all.iter()
                .filter_map(|figures| figures.get(name)?.as_f64())
                .collect()
        };
        for (site, figures) in sites.iter().zip(&tabs) {
            let mut row = Row::new(format!("{name}{}", site.label), values(figures), unit);
            row.ratio = Some(table::median(&row.values) / table::median(&values(&native)));
            rows.push(row);
        }
        let theirs = values(&pyodide);
        if !theirs.is_empty() {
            rows.push(Row::new(format!("{name}, plain Pyodide"), theirs, unit));
        }
        rows.push(Row::new(format!("{name}, native"), values(&native), unit));
    }
    for count in [CROWD, LARGER_CROWD] {
        for site in sites {
            rows.extend(crowd(*site, &files, count).await?);
        }
    }
    Ok(rows)
}

/// How long many threads take to start, and what they hold.
async fn crowd(site: Site<'_>, files: &Value, count: u32) -> Result<Vec<Row>> {
    let mut page = Page::open(site.dist).await?;
    page.run(files, COMMAND).await?;
    let before = state::renderer_megabytes(page.browser()).await;
    let figures = page.figures(&format!("/crowd?{count}")).await?;
    let after = state::renderer_megabytes(page.browser()).await;
    let figure = |name: &str| {
        figures
            .get(name)
            .and_then(Value::as_f64)
            .unwrap_or(f64::NAN)
    };
    let what = format!("{count} threads{}", site.label);
    let mut rows = vec![
        Row::new(
            format!("{what}: all started"),
            vec![figure("started")],
            "ms",
        ),
        Row::new(
            format!("{what}: alive"),
            vec![figure("alive") - 1.0],
            "threads",
        ),
    ];
    if let (Some(before), Some(after)) = (before, after) {
        rows.push(Row::new(
            format!("{what}: memory"),
            vec![after - before],
            "MB",
        ));
    }
    Ok(rows)
}

fn natively(script: &Path) -> Result<Map<String, Value>> {
    let printed = command::run(
        std::process::Command::new("python3").arg(script),
        "install Python 3.",
    )?;
    match serde_json::from_str(&printed) {
        Ok(Value::Object(figures)) => Ok(figures),
        _ => Err(Error::Message(format!(
            "The native interpreter printed no figures: {printed}"
        ))),
    }
}
