"use strict";

const find = (id) => document.getElementById(id);

async function call(method, path, body) {
  const init = { method, headers: {} };
  if (body !== undefined) {
    init.headers["content-type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  const answer = await fetch(path, init);
  const text = await answer.text();
  const value = text ? JSON.parse(text) : null;
  if (!answer.ok) {
    const detail = Array.isArray(value?.detail) ? value.detail.map((issue) => issue.msg).join("; ") : value?.detail;
    throw new Error(value?.message ?? detail ?? `The server answered ${answer.status}`);
  }
  return value;
}

// Runs an action and shows why it failed.
function attempt(action) {
  return async (event) => {
    event?.preventDefault();
    find("message").textContent = "";
    try {
      await action(event);
    } catch (error) {
      find("message").textContent = error.message;
    }
  };
}

const fields = (form) => Object.fromEntries(new FormData(form));

async function show() {
  const session = await call("GET", "/api/auth/get-session");
  find("signed-out").hidden = session !== null;
  find("signed-in").hidden = session === null;
  if (session === null) return;
  find("who").textContent = session.user.name;
  const page = await call("GET", "/api/tasks?limit=100");
  find("tasks").replaceChildren(...page.items.map(row));
}

function row(task) {
  const item = document.createElement("li");
  item.className = task.done ? "done" : "";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = task.done;
  box.ariaLabel = "Done";
  box.onchange = attempt(async () => {
    await call("PATCH", `/api/tasks/${task.id}`, { done: box.checked });
    await show();
  });
  const title = document.createElement("span");
  title.textContent = task.title;
  const remove = document.createElement("button");
  remove.textContent = "Delete";
  remove.onclick = attempt(async () => {
    await call("DELETE", `/api/tasks/${task.id}`);
    await show();
  });
  item.append(box, title, remove);
  return item;
}

function onSubmit(id, path) {
  find(id).onsubmit = attempt(async (event) => {
    const form = event.target;
    const answer = await call("POST", path, fields(form));
    form.reset();
    await show();
    if (answer.token === null) find("message").textContent = "We have sent a mail. Open it to go on.";
  });
}

onSubmit("sign-in", "/api/auth/sign-in/email");
onSubmit("sign-up", "/api/auth/sign-up/email");
onSubmit("add", "/api/tasks");
find("sign-out").onclick = attempt(async () => {
  await call("POST", "/api/auth/sign-out", {});
  await show();
});

// A mailed link leads here with a token, or with why it is no good. Whoever has the token has the account: it leaves
// the address and the history at once.
const { token, error } = Object.fromEntries(new URLSearchParams(location.search));
history.replaceState(null, "", "/");
find("reset").hidden = !token;
find("reset").onsubmit = attempt(async (event) => {
  await call("POST", "/api/auth/reset-password", { ...fields(event.target), token });
  find("reset").hidden = true;
  await show();
  find("message").textContent = "Your password is changed. Sign in with it.";
});

const here = location.origin;
find("commands").textContent = `curl -c jar -H 'content-type: application/json' ${here}/api/auth/sign-up/email \\
  -d '{"name": "Ada", "email": "ada@example.com", "password": "Analytical-Engine-1"}'
curl -b jar ${here}/api/auth/get-session
curl -b jar -H 'origin: ${here}' -H 'content-type: application/json' ${here}/api/tasks -d '{"title": "Write"}'
curl -b jar ${here}/api/tasks

# with tokens instead of a cookie
TOKEN=$(curl -s -H 'content-type: application/json' ${here}/api/auth/login \\
  -d '{"email": "ada@example.com", "password": "Analytical-Engine-1"}' | sed 's/.*"access_token":"\\([^"]*\\).*/\\1/')
curl -H "authorization: Bearer $TOKEN" ${here}/api/tasks`;

attempt(async () => {
  await show();
  if (error) throw new Error("This link is not valid, or it was used already.");
})();
