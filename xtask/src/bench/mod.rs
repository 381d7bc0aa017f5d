//! `cargo xtask bench`: what the site weighs, how fast it starts, how many requests per second it
//! answers, and what a process takes of memory. Speed is measured against the real servers in the
//! same run, round by round in turns, so that whatever else the machine does meanwhile meets both.

mod masters;
mod native;
mod page;
pub(crate) mod state;
pub(crate) mod table;
mod threads;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::build::{self, wasm};
use crate::error::{Error, Result};
use crate::project::{self, Project};

use native::Native;
use page::Page;
use table::Row;

const WSGI: &str = "\
def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '13')])
    return [b'Hello, world!']
";
const ASGI: &str = "\
async def app(scope, receive, send):
    headers = [(b'content-type', b'text/plain'), (b'content-length', b'13')]
    await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
    await send({'type': 'http.response.body', 'body': b'Hello, world!'})
";
const FLASK: &str = "\
from flask import Flask
app = Flask(__name__)
@app.get('/')
def hello():
    return 'Hello, world!'
";
const FASTAPI: &str = "\
from fastapi import FastAPI
app = FastAPI()
@app.get('/')
async def hello():
    return 'Hello, world!'
";

/// What is started: its name, its file, and the command line without the number of workers.
const STARTS: [(&str, &str, &str); 3] = [
    ("bare WSGI", WSGI, "gunicorn app:app"),
    ("Flask", FLASK, "gunicorn app:app"),
    ("FastAPI", FASTAPI, "uvicorn app:app"),
];
/// What is loaded: its name, its file, and the command line.
const LOADS: [(&str, &str, &str); 2] = [
    ("bare WSGI", WSGI, "gunicorn -w 1 app:app"),
    // Without a lifespan, which the app does not know.
    (
        "bare ASGI",
        ASGI,
        "uvicorn --no-access-log --lifespan off app:app",
    ),
];
const CONNECTIONS: [u32; 2] = [1, 8];
/// Processes that are added to one, to see what each takes.
const ADDED: u32 = 4;

const NAMES: [&str; 6] = ["size", "start", "load", "threads", "masters", "memory"];

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Times each start is measured.
    starts: usize,
    /// Rounds of requests, and requests in each.
    rounds: usize,
    requests: u32,
}

const FULL: Effort = Effort {
    starts: 5,
    rounds: 9,
    requests: 2000,
};
const QUICK: Effort = Effort {
    starts: 1,
    rounds: 3,
    requests: 500,
};

/// Measure what the site weighs and how fast it is, beside the real servers
#[derive(Debug, Args)]
pub struct Options {
    /// Fewer rounds, for a look
    #[arg(long)]
    quick: bool,
    /// A folder with another build of the site, measured in turns with this one: start, load and
    /// threads
    #[arg(long, value_name = "DIR")]
    beside: Option<PathBuf>,
    /// size, start, load, threads, masters or memory; without it, all
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// Measures and prints the table. Nothing is too slow for it: it fails only if it cannot measure.
pub fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    let effort = if options.quick { QUICK } else { FULL };
    let names = &options.names;
    if let Some(unknown) = names.iter().find(|name| !NAMES.contains(&name.as_str())) {
        let known = NAMES.join(", ");
        return Err(Error::Message(format!(
            "There is nothing called {unknown} to measure: there are {known}."
        )));
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|its| its == name);
    let build = build::Options::new(project);
    build::build(project, &build)?;
    let dist = &build.dist;
    let sites = Site::all(dist, options.beside.as_deref());
    let runtime =
        tokio::runtime::Runtime::new().map_err(Error::io("start", "the event loop".as_ref()))?;

    println!("{}", state::describe());
    if wanted("size") {
        print(&sizes(dist)?);
    }
    runtime.block_on(async {
        if wanted("start") {
            print(&starts(&sites, effort).await?);
        }
        if wanted("load") {
            print(&loads(project, &sites, effort).await?);
        }
        if wanted("threads") {
            print(&threads::measure(project, &sites, effort.starts).await?);
        }
        if wanted("masters") {
            print(&masters::measure(project, dist, effort).await?);
        }
        if wanted("memory") {
            print(&memory(dist).await?);
        }
        Ok::<_, Error>(())
    })?;
    println!("{}", state::describe());
    Ok(ExitCode::SUCCESS)
}

/// A build of the site.
#[derive(Debug, Clone, Copy)]
struct Site<'a> {
    dist: &'a Path,
    /// What follows the names of its figures.
    label: &'static str,
}

impl<'a> Site<'a> {
    /// Ours and, where one was named, the one beside it.
    fn all(ours: &'a Path, beside: Option<&'a Path>) -> Vec<Self> {
        let site = |dist, label| Self { dist, label };
        let mut sites = vec![site(ours, "")];
        sites.extend(beside.map(|dist| site(dist, ", the site beside")));
        sites
    }
}

fn print(rows: &[Row]) {
    println!("\n{}", table::render(rows));
}

/// What the site weighs.
fn sizes(dist: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut all = 0;
    for path in project::files_under(dist)? {
        let name = path
            .strip_prefix(dist)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        let size = wasm::size(&path)?;
        all += size.raw;
        let extension = path.extension().and_then(|extension| extension.to_str());
        // Python's are not ours.
        if matches!(extension, Some("wasm" | "js")) && !name.contains('/') {
            rows.push(Row::new(&name, vec![kilobytes(size.raw)], "kB"));
            rows.push(Row::new(
                format!("{name}, gzip"),
                vec![kilobytes(size.gzip)],
                "kB",
            ));
        }
    }
    rows.push(Row::new("the whole site", vec![kilobytes(all)], "kB"));
    Ok(rows)
}

fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1000.0
}

/// How long a visitor waits.
async fn starts(sites: &[Site<'_>], effort: Effort) -> Result<Vec<Row>> {
    /// The first visit, and the one after it.
    type Visits = [Vec<f64>; 2];
    let mut rows = Vec::new();
    let mut opened = vec![Visits::default(); sites.len()];
    for (name, app, command) in STARTS {
        for workers in [1, 4] {
            let command = format!("{command} --workers {workers}");
            let files = files(app);
            let mut runs = vec![Visits::default(); sites.len()];
            for _ in 0..effort.starts {
                for (index, site) in sites.iter().enumerate() {
                    // A fresh profile: nothing is cached.
                    let mut page = Page::open(site.dist).await?;
                    for visit in 0..2 {
                        opened[index][visit].push(page.opened().await?);
                        runs[index][visit].push(page.run(&files, &command).await?);
                        page.reload();
                    }
                }
            }
            let s = if workers > 1 { "s" } else { "" };
            let what = format!("{name}, {workers} worker{s}: Run to first response");
            rows.extend(visits(&what, sites, runs));
        }
    }
    let mut all = visits("page open to Run possible", sites, opened);
    all.append(&mut rows);
    Ok(all)
}

/// The rows of what was measured at the first visit and at the one after it, for each site.
fn visits(what: &str, sites: &[Site<'_>], measured: Vec<[Vec<f64>; 2]>) -> Vec<Row> {
    let measured = sites.iter().zip(measured);
    let rows = measured.flat_map(|(site, visits)| {
        let visits = ["first visit", "cached"].into_iter().zip(visits);
        visits.map(move |(visit, values)| {
            Row::new(format!("{what}, {visit}{}", site.label), values, "ms")
        })
    });
    rows.collect()
}

/// Requests per second, ours and the real servers' in turns.
async fn loads(project: &Project, sites: &[Site<'_>], effort: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, app, command) in LOADS {
        let mut pages = Vec::new();
        for site in sites {
            let mut page = Page::open(site.dist).await?;
            page.run(&files(app), command).await?;
            pages.push(page);
        }
        let native = Native::start(project, command, app).await?;
        let mut tabs = vec![vec![Vec::new(); sites.len()]; CONNECTIONS.len()];
        let mut real = vec![Vec::new(); CONNECTIONS.len()];
        // The first round warms up.
        for round in 0..=effort.rounds {
            for (index, connections) in CONNECTIONS.into_iter().enumerate() {
                for (page, values) in pages.iter_mut().zip(&mut tabs[index]) {
                    let value = page.load(connections, effort.requests).await?;
                    if round > 0 {
                        values.push(value);
                    }
                }
                let value = native.load(connections, effort.requests).await?;
                if round > 0 {
                    real[index].push(value);
                }
            }
        }
        for page in &mut pages {
            page.stop().await?;
        }
        for ((connections, tabs), real) in CONNECTIONS.into_iter().zip(tabs).zip(real) {
            let s = if connections > 1 { "s" } else { "" };
            let what = format!("{name}, {connections} connection{s}");
            for (site, values) in sites.iter().zip(tabs) {
                let ratio = table::median(&values) / table::median(&real);
                let mut row = Row::new(format!("{what}{}", site.label), values, "requests/s");
                row.ratio = Some(ratio);
                rows.push(row);
            }
            rows.push(Row::new(format!("{what}, native"), real, "requests/s"));
        }
    }
    Ok(rows)
}

/// What one more process takes.
async fn memory(dist: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, app, command) in STARTS {
        let mut resident = Vec::new();
        for workers in [1, 1 + ADDED] {
            let mut page = Page::open(dist).await?;
            page.run(&files(app), &format!("{command} --workers {workers}"))
                .await?;
            let Some(megabytes) = state::renderer_megabytes(page.browser()).await else {
                return Err(Error::Message(
                    "Memory is measured where there is a /proc, as on Linux. Name what else to measure."
                        .into(),
                ));
            };
            resident.push(megabytes);
        }
        let [one, more] = resident[..] else { continue };
        rows.push(Row::new(
            format!("{name}: the tab with one process"),
            vec![one],
            "MB",
        ));
        let each = (more - one) / f64::from(ADDED);
        rows.push(Row::new(
            format!("{name}: one more process"),
            vec![each],
            "MB",
        ));
    }
    Ok(rows)
}

fn files(app: &str) -> serde_json::Value {
    json!({ "app.py": app })
}
