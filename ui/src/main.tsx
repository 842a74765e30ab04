// SPDX-License-Identifier: GPL-3.0-or-later
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import 'virtual:theme.css';
import './styles/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { loadCatalogue, preferredLanguage } from './lib/i18n';
import { takeTicket } from './shell/bootstrap';

async function start(): Promise<void> {
  const ticket = takeTicket();
  await loadCatalogue(preferredLanguage()).catch(() => loadCatalogue('en'));
  createRoot(document.getElementById('root')!).render(
    <StrictMode>
      <App ticket={ticket} />
    </StrictMode>,
  );
}

void start();
