// An offline stand-in for the Telegram Bot API server, for Thinkchild's end-to-end tests.
//
//   node emulator.js [PORT]        binds 127.0.0.1 (any free port without PORT), then prints "READY <port>"
//
// The npm package telegram-test-api keeps the stored messages, the ids and the user-side routes
// (/sendMessage, /sendCommand, /sendCallback). Everything a bot talks to is written here, because that
// package answers too leniently: it parses no HTML, forgets updates on first read and refuses nothing.
// Error texts and the rules for updates and webhooks follow the official server, tdlib/telegram-bot-api.
//
// EMULATOR_CALLBACK_TTL   seconds until a button press can no longer be answered (150, as on Telegram)
//
// Not emulated: MarkdownV2 (refused), albums, polls, inline mode, privacy mode in groups, rate limits
// other than those a test asks for.
'use strict';

const express = require('express');
const multer = require('multer');
const { TelegramServer } = require('telegram-test-api/lib/telegramServer');

const CALLBACK_TTL = Number(process.env.EMULATOR_CALLBACK_TTL || 150);
const BODY_LIMIT = '60mb';
const MAX_TEXT = 4096;
const MAX_CAPTION = 1024;
const MAX_LONG_POLL = 50;

// ---------------------------------------------------------------- small helpers

class ApiError extends Error {
  constructor(code, description, parameters) {
    super(description);
    Object.assign(this, { code, description, parameters });
  }
}
const bad = (description) => new ApiError(400, `Bad Request: ${description}`);
const now = () => Math.floor(Date.now() / 1000);
const sleep = (seconds) => new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });
const clone = (value) => JSON.parse(JSON.stringify(value));
const isTrue = (value) => String(value) === 'true';

// Bots send lists and objects either as JSON bodies or as JSON text inside a form.
const fromJson = (value) => (typeof value === 'string' ? JSON.parse(value) : value);

// ---------------------------------------------------------------- what this server remembers

const server = new TelegramServer({ host: '127.0.0.1', storeTimeout: 1e6 });
server.config.port = Number(process.argv[2] || 0); // the constructor would turn 0 into 9000

const chats = new Map(); // chat id -> Chat, learnt from what users send
const blocked = new Set(); // ids of private chats whose user blocked the bot
const presses = new Map(); // callback query id -> {open, at, chatId, text}
const files = new Map(); // file id -> {name, mime, bytes}
const messages = new Map(); // "chat:message" -> Message as people in the chat see it now
const commandLists = new Map(); // "[scope, language]" -> {scope, language_code, commands}
const profile = {}; // name, descriptions, menu button
const journal = []; // every Bot API call, but for polls that brought nothing
const polls = new Map(); // token -> the long poll that is open
const pollCounts = new Map(); // token -> how many polls have begun, and webhooks were set
const brought = []; // every delivery to a webhook: {update_id, status}; status 0 when nobody answered
const lastDelivered = new Map(); // token -> the newest batch of updates handed out
let faults = []; // rules set by a test, oldest first

const messageKey = (chatId, messageId) => `${Number(chatId)}:${Number(messageId)}`;
const botUser = (token) => ({
  id: Number(token.split(':')[0]),
  is_bot: true,
  first_name: 'Test Bot',
  username: 'TestNameBot',
});

// Long polls and journal readers wait here; every change wakes them to look again.
const waiters = new Set();
const wake = () => { for (const look of [...waiters]) look(); };
const waitUntil = (seconds, ready) => new Promise((resolve) => {
  let timer = null;
  const look = () => {
    if (!ready()) return;
    clearTimeout(timer);
    waiters.delete(look);
    resolve();
  };
  timer = setTimeout(() => { waiters.delete(look); resolve(); }, seconds * 1000);
  waiters.add(look);
  look();
});

// ---------------------------------------------------------------- updates
// An update is handed out again and again until a later offset acknowledges it (the package drops it on
// first read). A button press nobody fetched in time is dropped, as Telegram does.

TelegramServer.formatUpdate = function formatUpdate(stored) {
  if (stored.raw) return { update_id: stored.updateId, ...stored.raw };
  if ('callbackQuery' in stored) {
    const { from, message, data } = stored.callbackQuery;
    const query = { id: stored.queryId, from, chat_instance: `ci${message.chat.id}`, message, data };
    return { update_id: stored.updateId, callback_query: query };
  }
  const { botToken, ...message } = stored.message;
  return { update_id: stored.updateId, message: { ...message, message_id: stored.messageId } };
};

function learnChat(message) {
  if (!message || !message.chat) return;
  const id = Number(message.chat.id);
  chats.set(id, message.chat);
  if (message.from && !message.from.is_bot) blocked.delete(id); // writing to a bot unblocks it
}

server.addUserUpdate = async function addUserUpdate(stored) {
  if ('callbackQuery' in stored) {
    const { message } = stored.callbackQuery;
    stored.queryId = `${stored.callbackId}${Math.random().toString().slice(2, 14)}`;
    stored.expires = now() + CALLBACK_TTL;
    presses.set(stored.queryId, { open: true, at: now(), chatId: Number(message.chat.id) });
    learnChat({ chat: message.chat, from: stored.callbackQuery.from });
  } else {
    stored.message.date = stored.message.date || now();
    learnChat(stored.message);
    const { message } = TelegramServer.formatUpdate(stored);
    messages.set(messageKey(message.chat.id, message.message_id), message);
  }
  this.storage.userMessages.push(stored);
  this.updateId += 1;
  setImmediate(() => { wake(); pumpWebhook(stored.botToken); });
};

// Any other kind of update (an edited message, a member who left ...), as a test wrote it.
function addRawUpdate(token, raw) {
  const message = raw.message || raw.edited_message;
  if (message) {
    if (!message.message_id) { message.message_id = server.messageId; server.messageId += 1; }
    message.date = message.date || now();
    learnChat(message);
    if (message.chat) messages.set(messageKey(message.chat.id, message.message_id), message);
  }
  server.storage.userMessages.push({ botToken: token, updateId: server.updateId, raw, time: Date.now() });
  server.updateId += 1;
  setImmediate(() => { wake(); pumpWebhook(token); });
}

function pending(token) {
  const { storage } = server;
  storage.userMessages = storage.userMessages.filter((u) => !u.expires || u.expires > now());
  return storage.userMessages.filter((u) => u.botToken === token);
}

function acknowledge(token, below) {
  const { storage } = server;
  storage.userMessages = storage.userMessages.filter((u) => u.botToken !== token || u.updateId >= below);
}

// ---------------------------------------------------------------- webhook delivery
// Messages and button presses queue separately for each chat; a failed delivery is tried again.

const pumping = new Set();

async function postToWebhook(hook, stored) {
  const update = TelegramServer.formatUpdate(stored);
  const rule = pickFault('webhook', { update_id: update.update_id });
  const kind = rule ? rule.kind : null;
  if (kind === 'reset') return failed(hook, 'Connection reset by peer'); // it never arrives, and is tried again
  if (kind === 'delay') await sleep(Number(rule.seconds || 1));
  if (kind === 'duplicate') await postOnce(hook, update);
  const taken = await postOnce(hook, update);
  return kind === 'lost_reply' ? failed(hook, 'Read timeout expired') : taken;
}

function failed(hook, message) {
  hook.last_error_message = message;
  hook.last_error_date = now();
  return false;
}

async function postOnce(hook, update) {
  const note = { update_id: update.update_id, status: 0 };
  brought.push(note);
  const headers = { 'Content-Type': 'application/json' };
  if (hook.secret_token) headers['X-Telegram-Bot-Api-Secret-Token'] = hook.secret_token;
  try {
    const answer = await fetch(hook.url, {
      method: 'POST',
      headers,
      body: JSON.stringify(update),
      signal: AbortSignal.timeout(10000),
    });
    note.status = answer.status;
    return answer.ok || failed(hook, `Wrong response from the webhook: ${answer.status}`);
  } catch (error) {
    return failed(hook, String((error.cause && error.cause.code) || error.message));
  }
}

async function deliverUntilTaken(token, stored, queue) {
  let delay = 0.2;
  try {
    while (server.webhooks[token] && pending(token).includes(stored)) {
      if (await postToWebhook(server.webhooks[token], stored)) {
        server.storage.userMessages = server.storage.userMessages.filter((u) => u !== stored);
        break;
      }
      await sleep(delay);
      delay = Math.min(delay * 2, 5);
    }
  } finally {
    pumping.delete(queue);
    setImmediate(() => pumpWebhook(token));
  }
}

function pumpWebhook(token) {
  if (!server.webhooks[token]) return;
  for (const stored of pending(token)) {
    const message = stored.message || (stored.callbackQuery || {}).message || {};
    const queue = `${token}|${'callbackQuery' in stored}|${(message.chat || {}).id}`;
    if (!pumping.has(queue)) {
      pumping.add(queue);
      deliverUntilTaken(token, stored, queue);
    }
  }
}

// ---------------------------------------------------------------- HTML parse mode
// Gives the plain text and its entities (counted in UTF-16 units); refuses in Telegram's words.

const TAGS = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  code: 'code',
  pre: 'pre',
  blockquote: 'blockquote',
  'tg-spoiler': 'spoiler',
  span: 'spoiler',
  a: 'text_link',
};
const NAMED = { lt: '<', gt: '>', amp: '&', quot: '"' };
const CHARACTER = /&(?:#(\d+)|#x([0-9a-fA-F]+)|(lt|gt|amp|quot));/g;
const TOKEN = /<(\/?)([a-zA-Z][\w-]*)((?:\s[^>]*)?)>|<|[^<]+/g;

const decodeCharacters = (text) => text.replace(CHARACTER, (all, decimal, hex, name) => {
  if (name) return NAMED[name];
  return String.fromCodePoint(decimal ? Number(decimal) : parseInt(hex, 16));
});

function parseHtml(source) {
  const entities = [];
  const open = [];
  let text = '';

  const refuse = (why) => bad(`can't parse entities: ${why}`);
  const at = (index) => `at byte offset ${Buffer.byteLength(source.slice(0, index))}`;

  const startTag = (tag, attributes, index) => {
    if (!TAGS[tag]) throw refuse(`Unsupported start tag "${tag}" ${at(index)}`);
    if (tag === 'span' && !/class\s*=\s*["']?tg-spoiler/.test(attributes)) {
      throw refuse(`Tag "span" must have class "tg-spoiler" ${at(index)}`);
    }
    const href = /href\s*=\s*["']([^"']*)["']/.exec(attributes);
    const wide = tag === 'blockquote' && /\bexpandable\b/.test(attributes);
    const type = wide ? 'expandable_blockquote' : TAGS[tag];
    open.push({ tag, type, offset: text.length, url: href && decodeCharacters(href[1]) });
  };

  const endTag = (tag, index) => {
    const top = open.pop();
    if (!top) throw refuse(`Unexpected end tag ${at(index)}`);
    if (top.tag !== tag) {
      throw refuse(`Unmatched end tag ${at(index)}, expected "</${top.tag}>", found "</${tag}>"`);
    }
    const length = text.length - top.offset;
    if (!length) return;
    const link = tag === 'a' ? { url: top.url || text.slice(top.offset) } : {};
    entities.push({ type: top.type, offset: top.offset, length, ...link });
  };

  for (const found of source.matchAll(TOKEN)) {
    const [all, slash, name, attributes] = found;
    if (name && slash) endTag(name.toLowerCase(), found.index);
    else if (name) startTag(name.toLowerCase(), attributes, found.index);
    else if (all !== '<') text += decodeCharacters(all);
    else {
      // A bare "<": Telegram reads a tag name up to the next space or ">".
      const [read, word] = /^<([^\s>]*)/.exec(source.slice(found.index));
      if (found.index + read.length >= source.length) throw refuse(`Unclosed start tag ${at(found.index)}`);
      throw refuse(`Unsupported start tag "${word.toLowerCase()}" ${at(found.index)}`);
    }
  }
  if (open.length) {
    throw refuse(`Can't find end tag corresponding to start tag "${open.pop().tag}"`);
  }
  entities.sort((a, b) => a.offset - b.offset || b.length - a.length);
  return { text, entities };
}

// ---------------------------------------------------------------- messages

// The text or caption of a call, checked: {text, entities} or {caption, caption_entities}.
function content(params, field, limit) {
  let text = params[field] === undefined ? '' : String(params[field]);
  let entities = [];
  const mode = params.parse_mode ? String(params.parse_mode).toUpperCase() : '';
  if (mode === 'HTML') ({ text, entities } = parseHtml(text));
  else if (mode) throw bad(`emulator: parse_mode ${params.parse_mode} is not emulated, use HTML`);
  else {
    const given = params[field === 'text' ? 'entities' : 'caption_entities'];
    if (given) entities = fromJson(given);
  }

  const cut = text.length - text.trimStart().length; // Telegram trims, and the entities move along
  text = text.trim();
  entities = entities.map((entity) => {
    const start = Math.max(0, entity.offset - cut);
    const end = Math.min(text.length, entity.offset + entity.length - cut);
    return { ...entity, offset: start, length: end - start };
  }).filter((entity) => entity.length > 0);

  if (text.length > limit) {
    throw bad(field === 'text' ? 'message is too long' : 'message caption is too long');
  }
  const result = { [field]: text };
  if (entities.length) result[field === 'text' ? 'entities' : 'caption_entities'] = entities;
  return result;
}

function textContent(params) {
  const result = content(params, 'text', MAX_TEXT);
  if (!result.text) throw bad('message text is empty');
  return result;
}

const captionContent = (params) => (params.caption ? content(params, 'caption', MAX_CAPTION) : {});

const BUTTON_ACTIONS = [
  'callback_data', 'url', 'web_app', 'login_url', 'copy_text', 'pay', 'callback_game',
  'switch_inline_query', 'switch_inline_query_current_chat', 'switch_inline_query_chosen_chat',
];

// The inline keyboard of a call, checked; other keyboards do not show in the Message Telegram returns.
function inlineKeyboard(params) {
  const keyboard = params.reply_markup ? fromJson(params.reply_markup) : null;
  if (!keyboard || !keyboard.inline_keyboard) return undefined;
  for (const button of keyboard.inline_keyboard.flat()) {
    if (!button.text) throw bad('inline keyboard button text is empty');
    if (!BUTTON_ACTIONS.some((action) => action in button)) {
      throw bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard");
    }
    if ('callback_data' in button) {
      const size = Buffer.byteLength(button.callback_data);
      if (size < 1 || size > 64) throw bad('BUTTON_DATA_INVALID');
    }
  }
  return keyboard.inline_keyboard.flat().length ? keyboard : undefined;
}

function needChat(params) {
  const id = Number(params.chat_id);
  if (!chats.has(id)) throw bad('chat not found');
  if (blocked.has(id)) throw new ApiError(403, 'Forbidden: bot was blocked by the user');
  return chats.get(id);
}

function deliver(token, params, body) {
  const chat = needChat(params);
  const message = { message_id: server.messageId, from: botUser(token), chat, date: now(), ...body };
  const keyboard = inlineKeyboard(params);
  if (keyboard) message.reply_markup = keyboard;
  const reply = params.reply_parameters && fromJson(params.reply_parameters);
  if (reply) {
    message.reply_to_message = messages.get(messageKey(chat.id, reply.message_id))
      || { message_id: reply.message_id, date: 0, chat };
  }
  // The package's own storage gives the ids and keeps /getUpdatesHistory true.
  server.addBotMessage({ ...body, chat_id: String(chat.id), reply_markup: keyboard }, token);
  messages.set(messageKey(chat.id, message.message_id), message);
  return message;
}

const NOT_MODIFIED = 'message is not modified: specified new message content and reply markup are exactly '
  + 'the same as a current content and reply markup of the message';

// Change a message the bot sent; a value of undefined removes that part, as Telegram does with keyboards.
function edit(params, needs, change) {
  if (params.inline_message_id) throw bad('emulator: inline messages are not emulated');
  const chat = needChat(params);
  const key = messageKey(chat.id, params.message_id);
  const old = messages.get(key);
  if (!old) throw bad('message to edit not found');
  if (!old.from || !old.from.is_bot) throw bad("message can't be edited");
  if (needs === 'text' && !('text' in old)) throw bad('there is no text in the message to edit');
  if (needs === 'caption' && 'text' in old) throw bad('there is no caption in the message to edit');

  const next = JSON.parse(JSON.stringify({ ...old, ...change })); // the round trip drops undefined values
  const visible = (m) => JSON.stringify(
    [m.text, m.caption, m.entities, m.caption_entities, m.reply_markup],
  );
  if (visible(next) === visible(old)) throw bad(NOT_MODIFIED);
  next.edit_date = now();
  messages.set(key, next);

  const stored = server.storage.botMessages.find((u) => u.messageId === old.message_id);
  if (stored) { Object.assign(stored.message, change); server.emit('EditedMessageText'); }
  return next;
}

function remove(params) {
  needChat(params);
  const key = messageKey(params.chat_id, params.message_id);
  if (!messages.has(key)) throw bad('message to delete not found');
  messages.delete(key);
  server.removeBotMessage((server.storage.botMessages
    .find((u) => u.messageId === Number(params.message_id)) || {}).updateId);
  return true;
}

// ---------------------------------------------------------------- files

function storeFile(prefix, name, mime, bytes) {
  const id = `${prefix}${files.size + 1}_${Math.random().toString(36).slice(2, 10)}`;
  files.set(id, { name, mime: mime || 'application/octet-stream', bytes });
  return id;
}

function describeFile(id) {
  const { name, mime, bytes } = files.get(id);
  return { file_id: id, file_unique_id: `u${id}`, file_name: name, mime_type: mime, file_size: bytes.length };
}

// A file a bot sends: attached to the call, or named by an id this server knows.
function sentFile(params, field) {
  let id = String(params[field]);
  const part = id.startsWith('attach://') ? id.slice('attach://'.length) : field;
  const attached = params.$files.find((f) => f.fieldname === part);
  if (attached) id = storeFile('file', attached.originalname, attached.mimetype, attached.buffer);
  if (!files.has(id)) throw bad('wrong remote file identifier specified: Wrong string length');
  if (!files.get(id).bytes.length) throw bad('file must be non-empty');
  return describeFile(id);
}

// ---------------------------------------------------------------- getUpdates

async function getUpdates(token, params, call) {
  if (server.webhooks[token]) {
    throw new ApiError(409, "Conflict: can't use getUpdates method while webhook is active; "
      + 'use deleteWebhook to delete the webhook first');
  }
  if (polls.has(token)) polls.get(token).end('conflict');

  const offset = Number(params.offset || 0);
  const limit = Math.min(100, Number(params.limit || 100));
  const timeout = Math.min(MAX_LONG_POLL, Number(params.timeout || 0));
  const allowed = params.allowed_updates ? fromJson(params.allowed_updates) : [];
  if (offset > 0) acknowledge(token, offset);
  if (offset < 0) {
    const all = pending(token);
    if (all.length) acknowledge(token, all[Math.max(0, all.length + offset)].updateId);
  }

  const take = () => pending(token)
    .map((stored) => TelegramServer.formatUpdate(stored))
    .filter((update) => !allowed.length || allowed.some((kind) => kind in update))
    .sort((a, b) => a.update_id - b.update_id)
    .slice(0, limit);

  const again = call.fault === 'duplicate' ? lastDelivered.get(token) || [] : [];
  const wanted = call.fault === 'reorder' ? 2 : 1;
  const seconds = call.fault === 'reorder' ? Math.max(timeout, 5) : timeout;
  if (seconds && !again.length && take().length < wanted) {
    const poll = { ended: null, end(why) { this.ended = why; wake(); } };
    polls.set(token, poll);
    await waitUntil(seconds, () => poll.ended || call.gone() || take().length >= wanted);
    if (polls.get(token) === poll) polls.delete(token);
    if (poll.ended === 'conflict') {
      throw new ApiError(409, 'Conflict: terminated by other getUpdates request; '
        + 'make sure that only one bot instance is running');
    }
  }

  const fresh = take();
  const known = new Set(fresh.map((update) => update.update_id));
  const batch = [...again.filter((update) => !known.has(update.update_id)), ...fresh];
  if (call.fault === 'reorder') batch.reverse();
  if (batch.length && !call.gone()) lastDelivered.set(token, batch);
  return batch;
}

// ---------------------------------------------------------------- Bot API methods: (token, params, call)

const commandKey = (params) => JSON.stringify([
  params.scope ? fromJson(params.scope) : { type: 'default' },
  params.language_code || '',
]);

const methods = {
  getUpdates,

  getMe: (token) => ({
    ...botUser(token),
    can_join_groups: true,
    can_read_all_group_messages: false,
    supports_inline_queries: false,
    can_connect_to_business: false,
    has_main_web_app: false,
  }),
  logOut: () => true,
  close: () => true,

  setWebhook(token, params) {
    if (!params.url) { delete server.webhooks[token]; return true; }
    server.setWebhook({ url: params.url, secret_token: params.secret_token }, token);
    pollCounts.set(token, (pollCounts.get(token) || 0) + 1);
    if (isTrue(params.drop_pending_updates)) acknowledge(token, Infinity);
    if (polls.has(token)) polls.get(token).end('conflict');
    setImmediate(() => pumpWebhook(token));
    return true;
  },
  deleteWebhook(token, params) {
    server.deleteWebhook(token);
    if (isTrue(params.drop_pending_updates)) acknowledge(token, Infinity);
    return true;
  },
  getWebhookInfo(token) {
    const { url = '', last_error_date, last_error_message } = server.webhooks[token] || {};
    const info = { url, has_custom_certificate: false, pending_update_count: pending(token).length };
    return last_error_date ? { ...info, last_error_date, last_error_message } : info;
  },

  sendMessage(token, params) {
    needChat(params);
    return deliver(token, params, textContent(params));
  },
  sendDocument(token, params) {
    needChat(params);
    const caption = captionContent(params);
    return deliver(token, params, { document: sentFile(params, 'document'), ...caption });
  },
  sendPhoto(token, params) {
    needChat(params);
    const caption = captionContent(params);
    const { file_id, file_unique_id, file_size } = sentFile(params, 'photo');
    const size = { file_id, file_unique_id, file_size, width: 1, height: 1 };
    return deliver(token, params, { photo: [size], ...caption });
  },
  sendChatAction(token, params) {
    needChat(params);
    if (!params.action) throw bad('wrong parameter action in request');
    return true;
  },

  editMessageText(token, params) {
    const change = { entities: undefined, ...textContent(params), reply_markup: inlineKeyboard(params) };
    return edit(params, 'text', change);
  },
  editMessageCaption(token, params) {
    const caption = content(params, 'caption', MAX_CAPTION);
    return edit(params, 'caption', {
      caption_entities: undefined, ...caption, reply_markup: inlineKeyboard(params),
    });
  },
  editMessageReplyMarkup(token, params) {
    return edit(params, null, { reply_markup: inlineKeyboard(params) });
  },
  deleteMessage: (token, params) => remove(params),

  answerCallbackQuery(token, params) {
    const press = presses.get(params.callback_query_id);
    if (!press || !press.open || now() - press.at > CALLBACK_TTL) {
      throw bad('query is too old and response timeout expired or query ID is invalid');
    }
    if ((params.text || '').length > 200) throw bad('MESSAGE_TOO_LONG');
    Object.assign(press, { open: false, text: params.text });
    return true;
  },

  setMyCommands(token, params) {
    const list = fromJson(params.commands);
    for (const { command, description } of list) {
      if (!/^[a-z0-9_]{1,32}$/.test(command)) throw bad('BOT_COMMAND_INVALID');
      if (!description || description.length > 256) throw bad('BOT_COMMAND_DESCRIPTION_INVALID');
    }
    const key = commandKey(params);
    const [scope, language_code] = JSON.parse(key);
    commandLists.set(key, { scope, language_code, commands: list });
    return true;
  },
  getMyCommands: (token, params) => (commandLists.get(commandKey(params)) || { commands: [] }).commands,
  deleteMyCommands(token, params) { commandLists.delete(commandKey(params)); return true; },

  setMyName(token, params) { profile.name = params.name; return true; },
  getMyName: () => ({ name: profile.name || 'Test Bot' }),
  setMyDescription(token, params) { profile.description = params.description || ''; return true; },
  getMyDescription: () => ({ description: profile.description || '' }),
  setMyShortDescription(token, params) {
    profile.short_description = params.short_description || '';
    return true;
  },
  getMyShortDescription: () => ({ short_description: profile.short_description || '' }),
  setChatMenuButton(token, params) {
    profile.menu_button = params.menu_button && fromJson(params.menu_button);
    return true;
  },
  getChatMenuButton: () => profile.menu_button || { type: 'default' },

  getChat: (token, params) => ({
    ...needChat(params),
    accent_color_id: 0,
    max_reaction_count: 11,
    accepted_gift_types: {
      unlimited_gifts: false,
      limited_gifts: false,
      unique_gifts: false,
      premium_subscription: false,
      gifts_from_channels: false,
    },
  }),
  getChatMember(token, params) {
    const chat = needChat(params);
    const user = { id: Number(params.user_id), is_bot: false, first_name: chat.first_name || 'User' };
    return { status: 'member', user };
  },
  leaveChat(token, params) { chats.delete(Number(params.chat_id)); return true; },

  getFile(token, params) {
    if (!files.has(params.file_id)) throw bad('invalid file_id');
    const { file_id, file_unique_id, file_size } = describeFile(params.file_id);
    return { file_id, file_unique_id, file_size, file_path: `documents/${file_id}` };
  },
};
const methodByLowerName = new Map(Object.keys(methods).map((name) => [name.toLowerCase(), name]));

// ---------------------------------------------------------------- faults
// A rule: {method, kind, times = 1, skip = 0, match = {parameter: value}, and what the kind needs}.
// Before the call is carried out, so that it never happens:
//   429 (retry_after)           status (code, description)      502 (a gateway's HTML page)
//   garbage (200, not JSON)     reset (connection reset)        timeout (seconds of silence, then closed)
// The call is carried out, but:
//   delay (seconds late)        lost_reply (seconds of silence, then closed)
//   reset_after (connection reset instead of the answer)
// Only for getUpdates:
//   duplicate (the batch delivered last comes once more, with the same update ids)
//   reorder (waits for two updates, then delivers newest first)
// The method "webhook" stands for bringing an update to the bot's webhook:
//   reset (it never arrives)    delay (seconds late)            duplicate (it is brought twice)
//   lost_reply (it arrives, but the answer is lost: it is brought again)

const FAULT_KINDS = ['429', 'status', '502', 'garbage', 'reset', 'timeout', 'delay', 'lost_reply',
  'reset_after', 'duplicate', 'reorder'];
const WEBHOOK_FAULTS = ['reset', 'delay', 'duplicate', 'lost_reply'];
const SILENCE = 120; // seconds; longer than any client waits

function addFault(rule) {
  const known = ['*', 'webhook'].includes(rule.method) || methodByLowerName.has(String(rule.method).toLowerCase());
  if (!known) throw new Error(`unknown method ${rule.method}`);
  if (!FAULT_KINDS.includes(rule.kind)) throw new Error(`unknown kind ${rule.kind}`);
  if (rule.method === 'webhook' && !WEBHOOK_FAULTS.includes(rule.kind)) {
    throw new Error(`${rule.kind} is no fault of a webhook`);
  }
  if (['duplicate', 'reorder'].includes(rule.kind) && !['getUpdates', 'webhook'].includes(rule.method)) {
    throw new Error(`${rule.kind} is a fault of getUpdates`);
  }
  faults.push({ times: 1, skip: 0, match: {}, ...rule });
  // A poll that is already open would escape the rule, so it ends early and empty; the bot polls again.
  if (['*', 'getUpdates'].includes(rule.method)) for (const poll of polls.values()) poll.end('early');
}

function pickFault(method, params) {
  for (const rule of faults) {
    const sameMethod = rule.method.toLowerCase() === method.toLowerCase()
      || (rule.method === '*' && method !== 'webhook');
    const matches = ([name, value]) => String(params[name]) === String(value);
    if (sameMethod && Object.entries(rule.match).every(matches)) {
      if (rule.skip > 0) rule.skip -= 1;
      else {
        rule.times -= 1;
        if (rule.times <= 0) faults = faults.filter((other) => other !== rule);
        return rule;
      }
    }
  }
  return null;
}

function resetConnection(rq) {
  if (rq.socket.resetAndDestroy) rq.socket.resetAndDestroy();
  else rq.socket.destroy();
}

const refusal = (code, description, parameters) => ({
  ok: false, error_code: code, description, ...(parameters ? { parameters } : {}),
});

// The kinds of fault that answer in place of the server; null when the call shall be carried out.
function faultAnswer(rule) {
  const seconds = Number(rule.retry_after || 1);
  switch (rule.kind) {
    case '429': {
      const json = refusal(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });
      return { status: 429, json };
    }
    case 'status': {
      const code = Number(rule.code || 500);
      return { status: code, json: refusal(code, rule.description || 'Internal Server Error') };
    }
    case '502':
      return { status: 502, html: '<html><head><title>502 Bad Gateway</title></head></html>' };
    case 'garbage':
      return { status: 200, html: '<html>This is not the page you are looking for</html>' };
    case 'reset':
      return { status: 0, silence: 0 };
    case 'timeout':
      return { status: 0, silence: Number(rule.seconds || SILENCE) };
    default:
      return null;
  }
}

// ---------------------------------------------------------------- the Bot API over HTTP

const app = express();
const multipart = multer({ defParamCharset: 'utf8' }).any();

function checkedMethod(token, name) {
  if (!/^\d+:[\w-]+$/.test(token)) throw new ApiError(404, 'Not Found');
  if (token.includes('revoked')) throw new ApiError(401, 'Unauthorized');
  if (!name) throw new ApiError(404, 'Not Found');
  return methods[name];
}

async function carryOut(token, name, params, call) {
  try {
    return { status: 200, json: { ok: true, result: await checkedMethod(token, name)(token, params, call) } };
  } catch (error) {
    const status = error.code >= 400 ? error.code : 500;
    const description = error.description || `Internal Server Error: ${error.message}`;
    return { status, json: refusal(status, description, error.parameters) };
  }
}

function note(call, answer, applied) {
  const { $files, ...params } = call.params;
  const press = presses.get(params.callback_query_id);
  const chatId = params.chat_id !== undefined ? Number(params.chat_id) : press && press.chatId;
  journal.push({
    n: journal.length + 1,
    t: Date.now() / 1000,
    token: call.token,
    method: call.method,
    chat_id: chatId === undefined ? null : chatId,
    params,
    files: $files.map((f) => ({ field: f.fieldname, name: f.originalname, size: f.size })),
    fault: call.fault,
    applied,
    status: answer.status,
    response: answer.json ? clone(answer.json) : null,
  });
  wake();
}

const bodyParsers = [
  express.json({ limit: BODY_LIMIT }),
  express.urlencoded({ extended: false, limit: BODY_LIMIT }),
  multipart,
];

app.all('/bot:token/:method', ...bodyParsers, async (rq, rs) => {
  const { token } = rq.params;
  const name = methodByLowerName.get(rq.params.method.toLowerCase());
  const params = { ...rq.query, ...rq.body, $files: rq.files || [] };
  let gone = false;
  rs.on('close', () => { gone = true; wake(); });
  if (name === 'getUpdates') pollCounts.set(token, (pollCounts.get(token) || 0) + 1);

  const rule = pickFault(name || rq.params.method, params);
  const kind = rule ? rule.kind : null;
  const call = { token, method: name || rq.params.method, params, fault: kind, gone: () => gone };

  const instead = rule && faultAnswer(rule);
  if (instead) {
    note(call, instead, false);
    if (instead.html) rs.status(instead.status).type('html').send(instead.html);
    else if (instead.json) rs.status(instead.status).json(instead.json);
    else {
      await sleep(instead.silence);
      resetConnection(rq);
    }
    return;
  }

  if (kind === 'delay') await sleep(Number(rule.seconds || 1));
  const answer = await carryOut(token, name, params, call);
  const idle = name === 'getUpdates' && answer.status === 200 && !answer.json.result.length;
  if (!idle || kind) note(call, answer, true);
  if (kind === 'lost_reply') await sleep(Number(rule.seconds || SILENCE));
  if (kind === 'lost_reply' || kind === 'reset_after') resetConnection(rq);
  else if (!gone) rs.status(answer.status).json(answer.json);
});

app.get('/file/bot:token/documents/:id', (rq, rs) => {
  const file = files.get(rq.params.id);
  if (!file) rs.status(404).json(refusal(404, 'Not Found'));
  else rs.type(file.mime).send(file.bytes);
});

// ---------------------------------------------------------------- the harness's side: /__h/...

const harness = express.Router();
harness.post('/upload', express.raw({ type: () => true, limit: BODY_LIMIT }), (rq, rs) => {
  const bytes = Buffer.isBuffer(rq.body) ? rq.body : Buffer.alloc(0); // express gives {} for an empty body
  rs.json(describeFile(storeFile('userfile', rq.query.name, rq.query.mime, bytes)));
});
harness.use(express.json({ limit: BODY_LIMIT }));

harness.get('/journal', async (rq, rs) => {
  const since = Number(rq.query.since || 0);
  await waitUntil(Number(rq.query.wait || 0), () => journal.length > since);
  rs.json(journal.slice(since));
});
harness.get('/messages', (rq, rs) => {
  const inChat = [...messages.values()].filter((m) => Number(m.chat.id) === Number(rq.query.chat));
  rs.json(inChat.sort((a, b) => a.message_id - b.message_id));
});
harness.get('/file', (rq, rs) => {
  const file = files.get(rq.query.id);
  if (!file) rs.sendStatus(404);
  else rs.type(file.mime).send(file.bytes);
});
harness.get('/pending', (rq, rs) => {
  rs.json(pending(rq.query.token).map((stored) => TelegramServer.formatUpdate(stored)));
});
harness.get('/state', (rq, rs) => {
  rs.json({
    commands: [...commandLists.values()],
    profile,
    webhooks: server.webhooks,
    brought,
    chats: [...chats.values()],
    poll_counts: Object.fromEntries(pollCounts),
    open_polls: [...polls.keys()],
  });
});
harness.post('/block', (rq, rs) => {
  if (rq.body.blocked === false) blocked.delete(Number(rq.body.chat_id));
  else blocked.add(Number(rq.body.chat_id));
  rs.json({ ok: true });
});
harness.post('/update', (rq, rs) => {
  addRawUpdate(rq.body.token, rq.body.update);
  rs.json({ ok: true });
});
harness.get('/fault', (rq, rs) => { rs.json(faults); });
harness.post('/fault', (rq, rs) => {
  try {
    addFault(rq.body);
    rs.json(faults);
  } catch (error) {
    rs.status(400).json({ ok: false, description: error.message });
  }
});
harness.delete('/fault', (rq, rs) => { faults = []; rs.json(faults); });
app.use('/__h', harness);

// A body that cannot be read is the caller's mistake; without this, express would answer with a page.
// (Express knows a handler of errors by its four parameters.)
app.use((error, rq, rs, next) => {
  rs.status(400).json(refusal(400, `Bad Request: ${error.message}`));
});
app.use(server.webServer); // everything else: the package's own routes
server.webServer = app;

process.on('unhandledRejection', (error) => { console.error('unhandledRejection', error); });
server.start().then(() => {
  server.server.keepAliveTimeout = 65000; // longer than a long poll, so that idle connections survive it
  console.log(`READY ${server.server.address().port}`);
}, (error) => {
  console.error(error);
  process.exit(1);
});
