//! The options of uWSGI 2.0.31.

use crate::servers::option::{Kind, OptionSpec, OptionTable};

const NO_UWSGI_PROTOCOL: &str = "nothing in a browser tab speaks the uwsgi protocol: use --http, --http-socket or --http11-socket.";
const NO_TLS: &str =
    "there is no TLS here: between the page and a server inside it there is no network to protect.";
const NO_BACKGROUND: &str =
    "there is no background in a browser tab: a server lives as long as its page.";
const NO_EMPEROR: &str = "a tab runs one server, so there is nobody to rule over.";
const NO_SPOOLER: &str = "wasgi has no spooler.";
const NO_USERS: &str = "processes in a browser tab have no users, groups or file modes.";
const INI_ONLY: &str = "wasgi reads ini files only: write the options into one.";
const NO_STATS: &str =
    "wasgi has no server of statistics: the timeline shows what each worker does.";
const OWN_LOG: &str = "wasgi shows the log in the page: there is no other place to write it to.";
const NO_VENV: &str =
    "an app's packages are those of the page: there is no directory of another Python.";
const NO_PLUGINS: &str = "uWSGI as pip installs it has Python and HTTP built in, and finds no other plugins: leave the option out.";
const NO_CACHE: &str = "wasgi has no cache of uWSGI's.";
const NO_MEMORY_FIGURE: &str = "a worker of wasgi is a WebAssembly instance, whose memory never shrinks: there is no figure to compare.";
const LATER: &str = "wasgi cannot do this yet.";

/// All options, in the order of the original's help.
pub(in crate::servers) static OPTIONS: OptionTable = OptionTable(&[
    OptionSpec::new(&["--http-socket"], Kind::Repeated),
    OptionSpec::new(&["--http11-socket"], Kind::Repeated),
    OptionSpec::new(&["-p", "--processes", "--workers"], Kind::Int),
    OptionSpec::new(&["-t", "--harakiri"], Kind::Int),
    OptionSpec::new(&["-l", "--listen"], Kind::Int),
    OptionSpec::new(&["-b", "--buffer-size"], Kind::Int),
    OptionSpec::new(&["-T", "--enable-threads"], Kind::Flag),
    OptionSpec::new(&["-i", "--single-interpreter"], Kind::Flag),
    OptionSpec::new(&["--need-app"], Kind::Optional("true")),
    OptionSpec::new(&["-M", "--master"], Kind::Flag),
    OptionSpec::new(&["--die-on-term"], Kind::Flag),
    OptionSpec::new(&["-h", "--help", "--usage"], Kind::Help),
    OptionSpec::new(&["-R", "--max-requests"], Kind::Int),
    OptionSpec::new(&["-L", "--disable-logging"], Kind::Flag),
    OptionSpec::new(&["--ini"], Kind::Repeated),
    OptionSpec::new(&["-S", "--set"], Kind::Repeated),
    OptionSpec::new(&["--set-placeholder", "--set-ph"], Kind::Repeated),
    OptionSpec::new(&["--strict"], Kind::Flag),
    OptionSpec::new(&["--chdir"], Kind::Text),
    OptionSpec::new(&["--lazy-apps"], Kind::Flag),
    OptionSpec::new(&["--cheap"], Kind::Flag),
    OptionSpec::new(&["--cheaper"], Kind::Int),
    OptionSpec::new(&["--cheaper-initial"], Kind::Int),
    OptionSpec::new(&["--cheaper-algo"], Kind::Text),
    OptionSpec::new(&["--cheaper-step"], Kind::Int),
    OptionSpec::new(&["--cheaper-overload"], Kind::Int),
    OptionSpec::new(&["--cheaper-busyness-max"], Kind::Int),
    OptionSpec::new(&["--cheaper-busyness-min"], Kind::Int),
    OptionSpec::new(&["--cheaper-busyness-multiplier"], Kind::Int),
    OptionSpec::new(&["--cheaper-busyness-penalty"], Kind::Int),
    OptionSpec::new(&["--cheaper-busyness-verbose"], Kind::Flag),
    OptionSpec::new(&["--cheaper-busyness-backlog-alert"], Kind::Int),
    OptionSpec::new(&["--cheaper-busyness-backlog-multiplier"], Kind::Int),
    OptionSpec::new(&["--cheaper-busyness-backlog-step"], Kind::Int),
    OptionSpec::new(&["--cheaper-busyness-backlog-nonzero"], Kind::Int),
    OptionSpec::new(&["--idle"], Kind::Int),
    OptionSpec::new(&["--die-on-idle"], Kind::Flag),
    OptionSpec::new(&["--max-worker-lifetime"], Kind::Int),
    OptionSpec::new(&["--max-worker-lifetime-delta"], Kind::Int),
    OptionSpec::new(&["--min-worker-lifetime"], Kind::Int),
    OptionSpec::new(&["--worker-reload-mercy"], Kind::Int),
    OptionSpec::new(&["--threads"], Kind::Int),
    OptionSpec::new(&["--touch-reload"], Kind::Repeated),
    OptionSpec::new(
        &[
            "--py-auto-reload",
            "--py-autoreload",
            "--python-auto-reload",
            "--python-autoreload",
        ],
        Kind::Int,
    ),
    OptionSpec::new(&["--py-auto-reload-ignore"], Kind::Text),
    OptionSpec::new(&["--post-buffering"], Kind::Int),
    OptionSpec::new(&["--logformat", "--log-format"], Kind::Text),
    OptionSpec::new(&["--log-4xx"], Kind::Flag),
    OptionSpec::new(&["--log-5xx"], Kind::Flag),
    OptionSpec::new(&["--log-zero"], Kind::Flag),
    OptionSpec::new(&["--log-slow"], Kind::Int),
    OptionSpec::new(&["--log-big"], Kind::Int),
    OptionSpec::new(&["--log-micros"], Kind::Flag),
    OptionSpec::new(&["--log-x-forwarded-for"], Kind::Flag),
    OptionSpec::new(&["--auto-procname"], Kind::Flag),
    OptionSpec::new(
        &[
            "--procname",
            "--procname-prefix",
            "--procname-prefix-spaced",
            "--procname-append",
            "--procname-master",
        ],
        Kind::Text,
    ),
    OptionSpec::new(&["--no-orphans"], Kind::Flag),
    OptionSpec::new(&["--env"], Kind::Repeated),
    OptionSpec::new(&["--vacuum"], Kind::Flag),
    OptionSpec::new(&["--version"], Kind::Version),
    OptionSpec::new(&["--wsgi-file", "--file"], Kind::Text),
    OptionSpec::new(&["-w", "--module", "--wsgi"], Kind::Text),
    OptionSpec::new(&["--callable"], Kind::Text),
    OptionSpec::new(&["--mount", "--worker-mount"], Kind::Repeated),
    OptionSpec::new(&["--manage-script-name"], Kind::Flag),
    OptionSpec::new(&["--ignore-script-name"], Kind::Flag),
    OptionSpec::new(&["--no-default-app"], Kind::Flag),
    OptionSpec::new(&["--check-static", "--static-check"], Kind::Repeated),
    OptionSpec::new(&["--check-static-docroot"], Kind::Flag),
    OptionSpec::new(&["--static-map"], Kind::Repeated),
    OptionSpec::new(&["--static-map2"], Kind::Repeated),
    OptionSpec::new(&["--static-skip-ext"], Kind::Repeated),
    OptionSpec::new(&["--static-index"], Kind::Repeated),
    OptionSpec::new(&["--static-safe"], Kind::Repeated),
    OptionSpec::new(&["--static-expires-type"], Kind::Repeated),
    OptionSpec::new(&["--static-expires-type-mtime"], Kind::Repeated),
    OptionSpec::new(&["--static-gzip-all"], Kind::Flag),
    OptionSpec::new(
        &["--static-gzip-dir", "--static-gzip-prefix"],
        Kind::Repeated,
    ),
    OptionSpec::new(
        &["--static-gzip-ext", "--static-gzip-suffix"],
        Kind::Repeated,
    ),
    OptionSpec::new(&["--mimefile", "--mime-file"], Kind::Repeated),
    OptionSpec::new(&["--honour-range"], Kind::Flag),
    OptionSpec::new(&["--file-serve-mode", "--fileserve-mode"], Kind::Text),
    OptionSpec::new(&["--pythonpath", "--python-path", "--pp"], Kind::Repeated),
    OptionSpec::new(&["--pyargv"], Kind::Text),
    OptionSpec::new(&["--http", "--httprouter"], Kind::Repeated),
    OptionSpec::new(&["-s", "--socket", "--uwsgi-socket"], Kind::Repeated)
        .refused(NO_UWSGI_PROTOCOL),
    OptionSpec::new(&["--https-socket"], Kind::Repeated).refused(NO_TLS),
    OptionSpec::new(&["-d", "--daemonize"], Kind::Text).refused(NO_BACKGROUND),
    OptionSpec::new(&["--emperor"], Kind::Repeated).refused(NO_EMPEROR),
    OptionSpec::new(&["-Q", "--spooler"], Kind::Text).refused(NO_SPOOLER),
    OptionSpec::new(&["--uid", "--gid"], Kind::Text).refused(NO_USERS),
    OptionSpec::new(&["--yaml", "--yml"], Kind::Text).refused(INI_ONLY),
    OptionSpec::new(&["-x", "--xml", "--xmlconfig"], Kind::Text).refused(INI_ONLY),
    OptionSpec::new(
        &["--touch-workers-reload", "--touch-chain-reload"],
        Kind::Repeated,
    )
    .refused(LATER),
    OptionSpec::new(&["--stats", "--stats-server"], Kind::Text).refused(NO_STATS),
    OptionSpec::new(
        &[
            "--daemonize2",
            "--pidfile",
            "--pidfile2",
            "--safe-pidfile",
            "--safe-pidfile2",
        ],
        Kind::Text,
    )
    .refused(NO_BACKGROUND),
    OptionSpec::new(
        &[
            "--logto",
            "--logto2",
            "--logger",
            "--req-logger",
            "--log-syslog",
        ],
        Kind::Text,
    )
    .refused(OWN_LOG),
    OptionSpec::new(
        &["-H", "--home", "--virtualenv", "--venv", "--pyhome"],
        Kind::Text,
    )
    .refused(NO_VENV),
    OptionSpec::new(
        &["--plugin", "--plugins", "--need-plugin", "--need-plugins"],
        Kind::Text,
    )
    .refused(NO_PLUGINS),
    OptionSpec::new(
        &["--static-cache-paths", "--static-cache-paths-name"],
        Kind::Text,
    )
    .refused(NO_CACHE),
    OptionSpec::new(
        &[
            "--reload-on-rss",
            "--reload-on-as",
            "--evil-reload-on-rss",
            "--evil-reload-on-as",
            "--limit-as",
            "--cheaper-rss-limit-soft",
            "--cheaper-rss-limit-hard",
        ],
        Kind::Text,
    )
    .refused(NO_MEMORY_FIGURE),
    OptionSpec::new(
        &["--chmod-socket", "--chown-socket", "--chroot", "--umask"],
        Kind::Optional(""),
    )
    .refused(NO_USERS),
    OptionSpec::new(&["--https"], Kind::Repeated).refused(NO_TLS),
]);
