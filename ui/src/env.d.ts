// SPDX-License-Identifier: GPL-3.0-or-later

declare module '*.po' {
  const messages: Record<string, string[]>;
  export default messages;
}

declare module 'virtual:theme.css' {}
