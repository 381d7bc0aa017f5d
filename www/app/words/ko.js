// Every text of the page that people read, in Korean: see en.js.

/** @import { Words } from "./words.js" */

const LOCALE = "ko";

/** @param {number} count @param {string} counter what is counted by: 건, 개, 줄 */
function counted(count, counter) {
  return `${count.toLocaleString(LOCALE)}${counter}`;
}

/** @type {Words} */
export const ko = {
  page: {
    title: "wasgi: 브라우저 탭 안의 Python 웹 서버",
  },

  counted: {
    requests: (count) => `요청 ${counted(count, "건")}`,
    headers: (count) => `헤더 ${counted(count, "개")}`,
    lines: (count) => counted(count, "줄"),
    events: (count) => `이벤트 ${counted(count, "개")}`,
  },

  progressOf: (loaded, total) => `${total} 중 ${loaded}`,

  panes: {
    group: "창",
    code: "코드",
    requests: "요청",
    timeline: "타임라인",
    log: "로그",
    dividerUpright: "코드와 요청 사이의 경계",
    dividerLevel: "위쪽 창과 아래쪽 창 사이의 경계",
  },

  help: {
    title: "도움말",
    about:
      "이 탭 안에서 실행되는 Python 웹 서버입니다. 아무것도 설치하지 않으며, 아무것도 탭 밖으로 나가지 않습니다. 화면에 보이는 " +
      "모든 시간은 여기서 측정한 값입니다.",
    language: "언어",
    keys: [
      ["Ctrl Enter", "실행 또는 다시 실행"],
      ["Ctrl S", "실행 중인 서버에 파일을 저장합니다. 서버는 다시 불러올 때 그 파일을 읽습니다"],
      ["↑ ↓", "명령줄에서는 앞서 실행한 명령, 목록에서는 다음 항목"],
      ["F2, Delete", "파일 탭에서 이름 바꾸기, 삭제"],
      ["← → ↑ ↓", "타임라인에서 요청 사이를 이동합니다. Enter를 누르면 응답이 보입니다"],
      [
        "+ − 0",
        "타임라인에서 확대, 축소, 마지막 요청 묶음으로 돌아가기. 끌어서, 또는 Ctrl과 휠로도 확대합니다",
      ],
      ["Esc", "열려 있는 것을 닫습니다"],
    ],
  },

  missing: {
    title: (names) => `여기에 없는 기능: ${names.join(", ")}. `,
    more: "그래도 되는 것",
    hide: "숨기기",
    workers: {
      name: "WebAssembly 워커",
      text: "이 브라우저는 워커에서 WebAssembly를 실행할 수 없어 서버를 실행할 수 없습니다. 예제를 읽고 고치는 것은 됩니다.",
    },
    jspi: {
      name: "JSPI",
      text:
        "이 브라우저는 WebAssembly를 멈추었다가 이어서 실행할 수 없습니다(JSPI). 그래서 프로세스마다 Python " +
        "스레드가 하나뿐입니다. Thread.start, gunicorn의 --threads, sync_to_async, " +
        "FastAPI와 Starlette의 일반 def 핸들러는 오류를 냅니다. gunicorn의 sync 워커에서 실행하는 WSGI " +
        "앱, async def 핸들러, 여러 워커 프로세스는 됩니다. JSPI는 Chrome 137, Firefox 153, " +
        "Safari 27부터 있습니다.",
    },
    isolation: {
      name: "교차 출처 격리",
      text:
        "이 페이지는 교차 출처 격리(cross-origin isolation) 상태가 아니어서 프로세스들이 메모리를 공유할 수 " +
        "없습니다. 프로세스마다 Python 패키지를 따로 가집니다. 서버는 그래도 실행됩니다. 페이지를 제공하는 쪽에서 " +
        "Cross-Origin-Opener-Policy: same-origin 헤더와 " +
        "Cross-Origin-Embedder-Policy: require-corp 헤더를 보내면 됩니다.",
    },
    serviceWorker: {
      name: "서비스 워커",
      text: "서비스 워커를 쓸 수 없어(비공개 창이거나 HTTPS가 아닌 페이지) 페이지 안에서 격리를 켤 수 없습니다. 나머지는 모두 됩니다.",
    },
    storage: {
      name: "저장소",
      text: "이 브라우저는 이 페이지의 데이터를 보관하지 않으므로 창을 닫으면 고친 내용이 사라집니다. 나머지는 모두 됩니다.",
    },
  },

  examples: {
    label: "예제",
    ownTitle: "이 페이지의 파일",
    ownDescription: "실행을 눌러 서버를 시작한 다음 요청을 보내세요.",
    reset: "되돌리기",
    resetTitle: "이 예제의 파일과 명령줄을 처음대로 되돌립니다",
    dropped: "이 예제에서 고친 내용을 버렸습니다.",
  },

  command: {
    form: "서버",
    line: "명령줄",
    more: "다른 명령줄",
    alternatives: "이 예제로 해 볼 만한 것",
    recent: "앞서 실행한 것",
    run: "실행",
    restart: "다시 시작",
    runKeys: "Ctrl+Enter",
    stop: "중지",
    kill: "강제 종료",
    progress: "진행 상황",
  },

  server: {
    preparing: "준비하는 중…",
    ready: "준비되었습니다. 실행을 누르면 서버가 시작됩니다.",
    starting: "시작하는 중…",
    step: (step, amount) => `${step}${amount ? ` ${amount}` : ""}…`,
    listening: (address) => `${address}에서 연결을 기다립니다`,
    outdated: (state) => `${state} (고치기 전의 코드)`,
    stopping: "멈추는 중…",
    stoppingServer: "멈추는 중: 서버가 하던 일을 마칩니다. 강제 종료를 누르면 바로 끝납니다.",
    restartingServer:
      "다시 시작하는 중: 서버가 먼저 하던 일을 마칩니다. 강제 종료를 누르면 바로 끝납니다.",
    neverStarted: "시작하기 전에 멈추었습니다.",
    exited: (code) => `종료 코드 ${code}번으로 끝났습니다`,
    notStopped: (reason) => `서버를 멈출 수 없었습니다: ${reason} 머신을 다시 시작했습니다.`,
    notSaved: (reason) => `파일을 저장할 수 없었습니다: ${reason}`,
  },

  files: {
    list: "파일",
    noFile: "파일 없음",
    tabTitle: "F2 또는 두 번 누르기: 이름 바꾸기, Delete: 삭제",
    add: "파일 추가",
    rename: (name) => `${name} 이름 바꾸기`,
    delete: (name) => `${name} 삭제`,
    deleted: (name) => `${name} 파일을 삭제했습니다.`,
    undo: "되살리기",
    hide: "숨기기",
    newName: (name) => `${name} 파일의 새 이름`,
    nameOfNew: "새 파일의 이름",
    namePlaceholder: "name.py",
    contents: (name) => `${name} 파일의 내용`,
    noneOpen: "열린 파일이 없습니다",
    problems: {
      empty: "파일 이름을 입력하세요. 예: app.py, mysite/urls.py",
      absolute: "작업 디렉터리에서 시작하는 경로를 쓰세요. 앞에 슬래시를 두지 않습니다.",
      folder: "마지막 슬래시 뒤에 파일 이름을 입력하세요.",
      parts: "경로에는 빈 부분이나 “.”, “..”을 쓸 수 없습니다.",
      characters: "파일 이름에는 백슬래시나 제어 문자를 쓸 수 없습니다.",
      exists: (name) => `${name} 파일이 이미 있습니다.`,
      isFolder: (name) => `${name} 폴더가 이미 있습니다.`,
      isFile: (name) => `${name} 항목은 파일이어서 다른 파일을 담을 수 없습니다.`,
    },
  },

  requests: {
    form: "요청",
    method: "메서드",
    path: "경로",
    timesTitle: "이 요청을 동시에 몇 건 보낼지",
    atOnce: "건 동시에",
    send: "보내기",
    runFirst: "서버를 먼저 실행하세요",
    cancel: (count) => (count > 1 ? `${count}건 취소` : "취소"),
    cancelled: "취소했습니다.",
    suggestion: (what, shows) => `${what}: ${shows ?? "보내기"}`,
    more: "헤더와 본문",
    headers: "헤더, 한 줄에 “이름: 값” 하나씩",
    headersPlaceholder: "accept: application/json",
    noHeaders: "헤더 없음",
    body: "본문",
    bodyOf: (size) => `본문 ${size}`,
    noBody: "본문 없음",
    file: "파일에서 본문 가져오기",
    noFile: "파일 없음",
    problems: {
      path: "경로는 슬래시로 시작합니다. 예: /items?page=2",
      times: (most) => `동시에 1건에서 ${most.toLocaleString(LOCALE)}건까지 보낼 수 있습니다.`,
      noColon: (line) => `헤더 ${line}번째 줄에 콜론이 없습니다. “이름: 값”으로 쓰세요.`,
      headerName: (name, line) =>
        `헤더 ${line}번째 줄의 “${name}”은(는) 헤더 이름이 아닙니다. 영문자, 숫자, 하이픈을 쓰세요.`,
      headerValue: (name, line) =>
        `헤더 ${line}번째 줄에서 “${name}”의 값에 Latin-1이 아닌 문자가 있습니다. 인코딩해서 쓰세요.`,
    },
  },

  responses: {
    list: "응답 목록",
    group: "응답",
    hint: "요청을 보내면 응답이 도착하는 대로 여기에 나타납니다.",
    short: {
      waiting: "…",
      receiving: "",
      done: "",
      open: "열림",
      closed: "닫힘",
      failed: "실패",
      cancelled: "취소됨",
    },
    long: {
      waiting: "기다리는 중…",
      receiving: "",
      done: "",
      open: "열림",
      closed: "닫힘",
      failed: "응답 없음",
      cancelled: "취소됨",
    },
    headersAfter: (time) => `${time} 뒤 헤더`,
    receiving: "받는 중…",
    headers: (count) => `헤더 ${count}개`,
    body: "응답 본문",
    binary: "이진 데이터: 16진수로 보여 줍니다.",
    cut: (kept, all) => `전체 ${all} 중 처음 ${kept}만 보관하고 보여 줍니다.`,
    empty: "본문이 비어 있습니다.",
    preview: "미리보기",
    source: "소스",
    previewTitle: "HTML 응답 미리보기",
  },

  events: {
    list: "이벤트 목록",
    events: "이벤트",
    id: (id) => `id ${id}`,
  },

  sockets: {
    group: "WebSocket",
    connect: "연결",
    messages: "메시지 목록",
    message: "메시지",
    placeholder: "메시지. 바이트는 16진수로 씁니다: 68 69",
    form: "보내는 형식",
    text: "텍스트",
    binary: "바이트",
    send: "보내기",
    sendAll: (count) => `${count}개 모두에 보내기`,
    code: "코드",
    reason: "이유",
    close: "닫기",
    directions: { sent: "보냄", received: "받음" },
    bytes: (size) => `바이트, ${size}`,
    openAfter: (time) => `${time} 뒤 열림`,
    counts: (sent, received) => `${sent}개 보냄, ${received}개 받음`,
    cut: (kept, all) => `(전체 ${all}바이트 중 처음 ${kept}바이트)`,
    failed: (why) => `연결에 실패했습니다: ${why}.`,
    closed: ({ code, reason, clean }) => {
      const how = clean ? "" : "닫기 핸드셰이크 없이 ";
      return `${how}코드 ${code}번으로 닫혔습니다${reason ? `: ${reason}` : "."}`;
    },
    problems: {
      hex: "바이트는 16진수 두 자리씩 씁니다. 예: 68 69",
    },
  },

  timeline: {
    plot: "요청의 타임라인. 화살표 키로 요청 사이를 이동하고, 더하기와 빼기로 확대하고 축소하며, Enter로 응답을 봅니다.",
    hint: "서버를 실행하고 요청을 보내면 각 요청이 무엇을 얼마나 기다렸는지 여기에 나타납니다.",
    legend: "색",
    lastBurst: "마지막 묶음",
    lastBurstTitle: "마지막으로 보낸 요청들을 봅니다 (0)",
    all: "전체",
    allTitle: "서버가 시작된 뒤의 모든 것을 봅니다",
    zoomIn: "확대 (+)",
    zoomOut: "축소 (−)",
    threads: "스레드",
    threadsTitle: "스레드마다 무엇을 하는지 봅니다",
    table: "표",
    tableTitle: "숫자를 표로 봅니다",
    tableLabel: "표로 보는 타임라인",
    tableCaption: "보이는 요청들, 시간은 밀리초",
    heads: {
      request: "요청",
      what: "내용",
      process: "프로세스",
      thread: "스레드",
      start: "시작, ms",
      duration: "걸린 시간, ms",
      phases: "시간이 간 곳, ms",
    },
    notTaken: "아직 받지 않음",
    notAnswered: "아직 응답 없음",
    firstOf: (most, all) => `${all} 중 처음 ${most}건입니다. 나머지는 확대해서 보세요.`,
    waitingRow: "대기",
    process: (pid) => `pid ${pid}`,
    mainThread: "메인 스레드",
    thread: (number) => `스레드 ${number}`,
    request: (number) => `요청 ${number}`,
    requestOf: (what, number) => `${what} (요청 ${number})`,
    noWorker: "아직 어느 워커도 받지 않았습니다",
    running: (count) => `${count}건 실행 중`,
    split: (served) => `프로세스 ${served.length}개: ${served.join(" + ")}`,
    waiting: (count) => `${count}건 대기 중`,
    appRest: "앱 (나머지)",
    lock: (number) => `락 ${number}`,
    connections: "워커의 연결들",
    forRequest: (number) => `요청 ${number} 처리`,
    forNone: "특정 요청과 관계없음",
    phases: {
      connect: { label: "연결", meaning: "연결을 여는 중" },
      backlog: {
        label: "백로그",
        meaning: "리스너의 백로그에 있음: 아직 어느 워커도 받지 않았습니다",
      },
      taken: {
        label: "받음",
        meaning: "프로세스가 연결을 받았고, 무엇을 하는지는 아직 알리지 않았습니다",
      },
      parse: { label: "파싱", meaning: "요청을 읽고 해석하는 중" },
      queue: { label: "큐", meaning: "받은 뒤 워커의 빈 스레드를 기다리는 중" },
      app: { label: "앱", meaning: "애플리케이션 안" },
      gil: { label: "GIL", meaning: "GIL을 기다리는 중" },
      run: { label: "실행", meaning: "Python을 실행하는 중" },
      sleep: { label: "sleep", meaning: "sleep으로 쉬는 중" },
      lock: { label: "락", meaning: "락을 기다리는 중" },
      io: { label: "I/O", meaning: "입력이나 출력을 기다리는 중" },
      write: { label: "쓰기", meaning: "응답을 쓰는 중" },
      keepalive: { label: "keep-alive", meaning: "응답을 마쳤고 연결은 열려 있음" },
      receive: {
        label: "receive",
        meaning: "애플리케이션이 WebSocket 메시지를 기다리는 중",
      },
      message: {
        label: "메시지",
        meaning: "WebSocket 메시지가 애플리케이션을 기다리는 중",
      },
      send: {
        label: "send",
        meaning: "애플리케이션이 메시지를 보낼 수 있을 때까지 기다리는 중",
      },
    },
  },

  log: {
    label: "서버 로그",
    clear: "지우기",
    stdout: "표준 출력",
    dropped: (count) => `앞의 ${counted(count, "줄")}은 보관하지 않습니다`,
    missing: (module) =>
      `여기에는 "${module}" 모듈이 없습니다. 이 사이트에는 파이썬 표준 라이브러리와 Flask, Quart, Django, ` +
      `Channels, Starlette, FastAPI, 그리고 이들에 필요한 것이 있습니다. 직접 만든 모듈은 app.py 옆의 ` +
      `파일입니다: "${module}.py"를 추가하세요.`,
    missingFile: (module, file) =>
      `여기에는 "${module}" 모듈이 없지만 "${file}" 파일이 있습니다: 파일 이름대로 가져와야 합니다.`,
  },
};
