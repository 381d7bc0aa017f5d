//! Masters and their workers: how soon they accept, what a reload and a killed worker cost, and
//! what a second worker brings.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::native::Native;
use super::page::Page;
use super::table::{self, Row};
use super::{Effort, WSGI};
use crate::error::Result;
use crate::project::Project;

/// Computes for some milliseconds, then answers as the bare app does.
const COMPUTING: &str = "\
def app(environ, start_response):
    sum(i * i for i in range(40000))
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '13')])
    return [b'Hello, world!']
";
/// Says which process it is, or has that killed.
const PROCESSES: &str = "\
import os, signal
def app(environ, start_response):
    if environ['PATH_INFO'] == '/kill':
        os.kill(os.getpid(), signal.SIGKILL)
    body = str(os.getpid()).encode()
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', str(len(body)))])
    return [body]
";

const WORKERS: [u32; 3] = [1, 4, 8];
/// Clients of a server that reloads, or computes.
const CONNECTIONS: u32 = 8;
/// Of the requests in a round, those that compute.
const COMPUTED: u32 = 5;

/// All of it.
pub(super) async fn measure(project: &Project, dist: &Path, effort: Effort) -> Result<Vec<Row>> {
    let mut rows = starts(dist, effort).await?;
    rows.extend(reloads(dist, effort).await?);
    rows.extend(replacements(project, dist, effort).await?);
    rows.extend(computing(project, dist, effort).await?);
    Ok(rows)
}

/// From Run until workers accept, where nothing has to be fetched: on a page that has just been
/// opened, and on one that has been told which server it is going to be.
async fn starts(dist: &Path, effort: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let files = super::files(WSGI);
    let mut page = Page::open(dist).await?;
    // The first visit fetches everything; at the second the image of an interpreter is kept.
    for _ in 0..2 {
        order_start(&mut page, &files, 1, 0).await?;
        page.rest().await?;
        page.reload();
    }
    for (what, prepared) in [("Run at once", false), ("Run when prepared", true)] {
        for workers in WORKERS {
            let (mut first, mut all, mut further) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..effort.starts {
                let expect = if prepared { workers } else { 0 };
                let figures = order_start(&mut page, &files, workers, expect).await?;
                page.reload();
                first.push(figure(&figures, "first"));
                all.push(figure(&figures, "all"));
                further.push(
                    (figure(&figures, "all") - figure(&figures, "first"))
                        / f64::from(workers.max(2) - 1),
                );
            }
            let name = format!("{what}, -w {workers}");
            rows.push(Row::new(format!("{name}: first worker boots"), first, "ms"));
            rows.push(Row::new(format!("{name}: all accept"), all, "ms"));
            if workers > 1 {
                rows.push(Row::new(format!("{name}: each further one"), further, "ms"));
            }
        }
    }
    Ok(rows)
}

async fn order_start(
    page: &mut Page,
    files: &Value,
    workers: u32,
    expect: u32,
) -> Result<Map<String, Value>> {
    let command = format!("gunicorn -w {workers} app:app");
    page.figures_of(
        json!({ "order": "start", "files": files, "command": command, "expect": expect }),
    )
    .await
}

/// Requests that fail while all workers are replaced.
async fn reloads(dist: &Path, effort: Effort) -> Result<Vec<Row>> {
    let mut page = Page::open(dist).await?;
    page.run(&super::files(PROCESSES), "gunicorn -w 2 app:app")
        .await?;
    let (mut requests, mut failed, mut took) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.starts {
        page.rest().await?;
        let figures = page
            .figures_of(json!({ "order": "reloaded", "connections": CONNECTIONS, "workers": 2 }))
            .await?;
        requests.push(figure(&figures, "requests"));
        failed.push(figure(&figures, "failed"));
        took.push(figure(&figures, "took"));
    }
    page.stop().await?;
    Ok(vec![
        Row::new(
            "HUP under load, -w 2: requests meanwhile",
            requests,
            "requests",
        ),
        Row::new("HUP under load, -w 2: failed", failed, "requests"),
        Row::new("HUP under load, -w 2: until all is new", took, "ms"),
    ])
}

/// From the SIGKILL of the only worker until its successor has answered.
async fn replacements(project: &Project, dist: &Path, effort: Effort) -> Result<Vec<Row>> {
    let command = "gunicorn -w 1 app:app";
    let mut page = Page::open(dist).await?;
    page.run(&super::files(PROCESSES), command).await?;
    let native = Native::start(project, command, PROCESSES).await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..effort.starts {
        page.rest().await?;
        ours.push(page.replaced().await?);
        theirs.push(native.replaced().await?);
    }
    page.stop().await?;
    let ratio = table::median(&ours) / table::median(&theirs);
    let mut row = Row::new(
        "worker killed, until its successor has answered",
        ours,
        "ms",
    );
    row.ratio = Some(ratio);
    Ok(vec![
        row,
        Row::new(
            "worker killed, until its successor has answered, native",
            theirs,
            "ms",
        ),
    ])
}

/// What a second worker brings an app that computes.
async fn computing(project: &Project, dist: &Path, effort: Effort) -> Result<Vec<Row>> {
    let files = super::files(COMPUTING);
    let (mut pages, mut natives) = (Vec::new(), Vec::new());
    for workers in [1, 2] {
        let command = format!("gunicorn -w {workers} app:app");
        let mut page = Page::open(dist).await?;
        page.run(&files, &command).await?;
        // Its spare is ready then, and takes no time from others.
        page.rest().await?;
        pages.push(page);
        natives.push(Native::start(project, &command, COMPUTING).await?);
    }
    let mut ours = vec![Vec::new(), Vec::new()];
    let mut theirs = ours.clone();
    // The first round warms up.
    for round in 0..=effort.rounds {
        for index in 0..2 {
            let requests = effort.requests / COMPUTED;
            let tab = pages[index].load(CONNECTIONS, requests).await?;
            let real = natives[index].load(CONNECTIONS, requests).await?;
            if round > 0 {
                ours[index].push(tab);
                theirs[index].push(real);
            }
        }
    }
    let ratios = |rates: &[Vec<f64>]| -> Vec<f64> {
        rates[0]
            .iter()
            .zip(&rates[1])
            .map(|(one, two)| two / one)
            .collect()
    };
    let (gain, native_gain) = (ratios(&ours), ratios(&theirs));
    let mut row = Row::new("computing app: two workers to one", gain, "times");
    row.ratio = Some(table::median(&row.values) / table::median(&native_gain));
    let mut rows = Vec::new();
    for (workers, (ours, theirs)) in [1, 2].into_iter().zip(ours.into_iter().zip(theirs)) {
        rows.push(Row::new(
            format!("computing app, -w {workers}"),
            ours,
            "requests/s",
        ));
        rows.push(Row::new(
            format!("computing app, -w {workers}, native"),
            theirs,
            "requests/s",
        ));
    }
    rows.push(row);
    rows.push(Row::new(
        "computing app: two workers to one, native",
        native_gain,
        "times",
    ));
    Ok(rows)
}

fn figure(figures: &Map<String, Value>, name: &str) -> f64 {
    figures
        .get(name)
        .and_then(Value::as_f64)
        .unwrap_or(f64::NAN)
}
