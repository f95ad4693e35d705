// A clerk at the console, by the keyboard: `node browser.mjs PART URL PASSWORD FOLDER`.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [part, url, password, folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const state = join(folder, "session.json");
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const context = await browser.newContext({
  viewport: { width: 1366, height: 768 },
  locale: "zh-CN",
  storageState: existsSync(state) ? state : undefined,
});
context.setDefaultTimeout(20_000);
const page = await context.newPage();
const faults = [];
page.on("console", (message) => {
  // A form that is sent back with its faults is an answer like any other.
  if (message.type() === "error" && !message.text().includes("422")) faults.push(message.text());
});
page.on("pageerror", (error) => faults.push(String(error)));

const shot = (name, on = page) => on.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
const sees = async (words, on = page) => on.getByText(words).first().waitFor();
// What has the focus is what a clerk without a mouse can reach.
const tabTo = async (selector) => {
  for (let presses = 0; presses < 60; presses += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${selector} is not reached by the keyboard`);
};
const visit = async (path, name) => {
  await page.goto(url + path);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (wide > 0) throw new Error(`${path} is ${wide} pixels too wide for 1366`);
  await shot(name);
};

// The browser gives the focus a moment after the page has come; what is typed before is lost.
const focused = (selector) => page.locator(`${selector}:focus`).waitFor();

const signIn = async (name) => {
  await page.goto(`${url}/console`);
  await focused("#name");
  await page.keyboard.type(name);
  await page.keyboard.press("Tab");
  await focused("#password");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${url}/console`);
};

const take = async (prefix) => {
  await page.goto(`${url}/console/items`);
  await focused("input");
  await page.keyboard.type("依据档案");
  await page.keyboard.press("Enter");
  await page.waitForURL(/text=/);
  await shot(`${prefix}-items`);
  await tabTo('a.button[href^="/console/new/"]');
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/console\/new\//);
  await tabTo("#name");
  await page.keyboard.type("测试用户");
  await tabTo("#number");
  await page.keyboard.type("340702196802290212");
  await tabTo('button[value="check"]');
  await page.keyboard.press("Enter");
  await sees("没有提交任何内容");
  await shot(`${prefix}-faults`);
  // The first faulty field has the focus: the clerk types on.
  await tabTo("#number");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("340702196802290211");
  await tabTo('[id="form.contact-phone"]');
  await page.keyboard.type("13800000000");
  await tabTo('[id="form.reason"]');
  await page.keyboard.type("办理入职手续");
  await tabTo('[id="material.id-card"]');
  await page.keyboard.press("ArrowDown");
  await tabTo('button[value="check"]');
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "请核对" }).waitFor();
  await shot(`${prefix}-looked-over`);
  if (await page.locator('input[name="again"]').count()) {
    await tabTo('input[name="again"]');
    await page.keyboard.press("Space");
  }
  await tabTo('button[value="send"]');
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/console\/cases\//);
};

const print = async (name) => {
  const opened = context.waitForEvent("page");
  await tabTo('form[action$="/receipt"] button');
  await page.keyboard.press("Enter");
  const sheet = await opened;
  await sheet.waitForLoadState();
  await shot(name, sheet);
  await sheet.pdf({ path: join(folder, `${name}.pdf`), format: "A4" });
  const words = await sheet.innerText("main");
  if (!(await sheet.locator(".code svg").count())) throw new Error("the receipt has no code");
  await sheet.close();
  return words;
};

// Pages change by themselves behind the page: it is loaded again until it says what is waited for.
const until = async (words) => {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await page.getByText(words).first().isVisible()) return;
    await page.waitForTimeout(200);
    await page.reload();
  }
  throw new Error(`"${words}" did not come`);
};

const parts = {
  async up() {
    await page.goto(`${url}/console`);
    await shot("sign-in");
    await signIn("li");
    await shot("today-empty");
    await take("up");
    await until("市级平台已收");
    await shot("case-settled");
  },
  async down() {
    await take("down");
    await until("节点代管，待传");
    await shot("case-in-custody");
    const receipt = await print("receipt-without-link");
    if (!receipt.includes("编号即为最终编号")) throw new Error(receipt);
    await visit("/console", "today");
    await visit("/console/waiting", "waiting");
    await visit("/console/deadlines", "deadlines");
  },
  async back() {
    await visit("/console", "today-back");
    await page.locator("tbody tr").first().locator("a").click();
    await until("市级平台已收");
    const receipt = await print("receipt-with-proof");
    if (!receipt.includes("补打") || !receipt.includes("市级平台已签收")) throw new Error(receipt);
    await page.getByRole("button", { name: /显示完整信息/ }).click();
    await sees("340702196802290211");
    await shot("case-revealed");
    for (const name of ["attention", "corrections", "link", "handover"]) await visit(`/console/${name}`, name);
    await page.goto(`${url}/console/items`);
    await page.locator("tbody td a:not(.button)").first().click();
    await shot("guide");
    await page.getByRole("button", { name: "退出" }).click();
    await signIn("wang");
    await visit("/console/health", "health");
  },
};

try {
  await parts[part]();
  await context.storageState({ path: state });
  if (faults.length) throw new Error(`the browser complains: ${faults.join("; ")}`);
} catch (error) {
  await shot(`failed-${part}`);
  console.error(error);
  process.exitCode = 1;
} finally {
  await browser.close();
}
