// What the examples say of themselves, in Korean: title, description, and what each request shows.

/**
 * What an example says of itself in another language than English.
 *
 * @typedef {object} ExampleWords
 * @property {string} title
 * @property {string} description
 * @property {string[]} shows what each of its requests shows
 */

/** @type {Record<string, ExampleWords>} */
export const ko = {
  wsgi: {
    title: "WSGI",
    description:
      "sync 워커 하나는 한 번에 요청 한 건만 처리합니다. 실행한 다음 /sleep을 네 건 동시에 보내 보세요. 네 번째는 앞의 " +
      "세 건을 기다립니다. 그다음 -w 2나 --threads 4를 써 보세요.",
    shows: [
      "빠른 응답",
      "기다리는 요청 네 건을 동시에",
      "계산하는 요청 네 건을 동시에",
      "나누어 오는 응답",
      "본문이 있는 요청",
      "서버가 애플리케이션에 알리는 것",
    ],
  },
  asgi: {
    title: "ASGI",
    description:
      "이벤트 루프 하나가 여러 요청을 처리합니다. 실행한 다음 /sleep을 네 건 동시에 보내면 모두 0.5초 뒤에 끝납니다. 그다음 " +
      "/block을 네 건 보내 보세요. 블로킹 호출 하나가 모두를 멈춥니다.",
    shows: [
      "빠른 응답",
      "블로킹 없이 기다리는 네 건",
      "이벤트 루프를 막는 네 건",
      "요청 한 건 안에서 세 번의 기다림",
      "세 부분으로 오는 응답",
      "본문이 있는 요청",
    ],
  },
  django: {
    title: "Django",
    description:
      "WSGI와 ASGI 진입점이 모두 있는 프로젝트입니다. 실행한 다음 /async-sleep을 네 건 동시에 보내 보세요. " +
      "WSGI에서는 async 뷰도 워커 하나를 차지합니다. 그다음 uvicorn으로 실행해 보세요.",
    shows: [
      "페이지",
      "기다리는 요청 네 건을 동시에",
      "기다리는 async 뷰 네 건",
      "계산하는 요청 두 건을 동시에",
      "나누어 오는 응답",
      "매개변수가 있는 경로",
      "본문이 있는 요청",
      "없는 경로의 디버그 페이지",
    ],
  },
  events: {
    title: "서버 전송 이벤트(SSE)",
    description:
      "0.5초 간격으로 오는 이벤트 열 개입니다. 세 클라이언트가 동시에 들으면 이벤트 루프 하나의 태스크 셋이 됩니다. sync " +
      "워커(gunicorn wsgi:app)에서는 앞의 클라이언트가 모두 받을 때까지 다음이 기다립니다.",
    shows: ["듣는 클라이언트 하나", "듣는 클라이언트 셋", "그동안의 다른 요청"],
  },
  fastapi: {
    title: "FastAPI",
    description:
      "누구나 묻는 질문: async def인가 def인가? 실행한 다음 /sleep, /block, /thread를 각각 네 건씩 " +
      "동시에 보내고 시간이 어디로 갔는지 견주어 보세요.",
    shows: [
      "빠른 응답",
      "블로킹 없이 기다리는 네 건",
      "이벤트 루프를 막는 네 건",
      "각자 스레드를 막는 네 건",
      "스레드에서 계산하는 두 건",
      "서버 전송 이벤트",
      "검증 오류",
      "JSON 본문",
      "본문이 있는 요청",
    ],
  },
  flask: {
    title: "Flask",
    description:
      "프로세스 두 개가 한 번에 요청 두 건을 처리합니다. 실행한 다음 /sleep을 네 건 동시에, 이어서 /count를 여섯 번 " +
      "보내 보세요. 프로세스마다 카운터가 따로 있습니다. 그다음 스레드를 써 보세요.",
    shows: [
      "페이지",
      "기다리는 요청 네 건을 동시에",
      "계산하는 요청 네 건을 동시에",
      "서버 전송 이벤트",
      "프로세스마다 있는 카운터",
      "본문이 있는 요청",
    ],
  },
  polling: {
    title: "롱 폴링",
    description:
      "GET /next를 동시에 몇 건 보내면 서버가 붙잡아 둡니다. 그다음 POST /messages를 보내면 모두 응답을 받습니다. " +
      "sync 워커 하나(gunicorn wsgi:app)에서는 메시지가 그것을 기다리는 요청들 뒤에서 기다립니다.",
    shows: ["붙잡혀 있는 세 건", "그들이 기다리는 것"],
  },
  quart: {
    title: "Quart",
    description:
      "Flask의 인터페이스에 async 뷰를 씁니다. 실행한 다음 /sleep을 네 건 동시에, 이어서 /block을 보내 보세요. " +
      "블로킹 호출 하나가 나머지를 모두 멈춥니다. /task는 일이 끝나기 전에 응답합니다.",
    shows: [
      "페이지",
      "블로킹 없이 기다리는 네 건",
      "이벤트 루프를 막는 네 건",
      "서버 전송 이벤트",
      "세션",
      "백그라운드의 태스크",
      "본문이 있는 요청",
    ],
  },
  starlette: {
    title: "Starlette",
    description:
      "이벤트 루프가 하나씩 있는 프로세스 두 개입니다. 실행한 다음 /block을 네 건 동시에, 이어서 /thread를 보내 보세요. " +
      "같은 블로킹 호출을 한 번은 이벤트 루프에서, 한 번은 스레드에서 합니다.",
    shows: [
      "페이지",
      "블로킹 없이 기다리는 네 건",
      "자기 이벤트 루프를 막는 네 건",
      "각자 스레드를 막는 네 건",
      "스레드에서 계산하는 네 건",
      "서버 전송 이벤트",
      "본문이 있는 요청",
    ],
  },
  websocket: {
    title: "WebSocket 채팅",
    description:
      "클라이언트 셋을 동시에 연결하고 그중 하나에서 메시지를 보내면 모두 듣습니다. --workers 2로 실행하면 프로세스마다 방이 하나씩, 모두 둘이 됩니다.",
    shows: [
      "한 방의 셋",
      "보낸 것이 되돌아옴",
      "거절되는 핸드셰이크",
      "누가 있는지",
      "업그레이드 없는 같은 경로",
    ],
  },
};
