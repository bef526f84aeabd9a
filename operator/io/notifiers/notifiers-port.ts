// The notifiers, as the messenger's port.
import type { NotifiersPort } from '../../controllers/ports.js';
import { beat } from './heartbeat.js';
import { Telegram } from './telegram.js';
import { postWebhook } from './webhook.js';

export function openNotifiers(): NotifiersPort {
  const telegram = new Telegram();
  return {
    sendTelegram: (to, message, signal) => telegram.send(to, message, signal),
    editTelegram: (to, message, signal) => telegram.edit(to, message, signal),
    postWebhook,
    beat,
  };
}
