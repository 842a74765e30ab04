// SPDX-License-Identifier: GPL-3.0-or-later

export type PreviewKind = 'image' | 'text' | 'audio' | 'video';

const TEXT_TYPES = /^(text\/|application\/(json|xml|javascript|x-(sh|shellscript|yaml|perl|python|ruby|php|tex|sql)|yaml|toml|sql|x-ndjson|rtf\b))|\+(xml|json)$/;
const TEXT_NAMES = /\.(txt|md|log|csv|tsv|ini|conf|cfg|ya?ml|toml|json|[ch]|cpp|hpp|py|rs|go|js|ts|tsx|jsx|css|html?|xml|sh|sql|po|diff|patch)$/i;

/** How a file can be looked at; null when it can only be downloaded. Pages and PDFs are never run, only shown as text or not at all. */
export function previewKind(mime: string, name: string): PreviewKind | null {
  if (mime.startsWith('image/')) return /(tiff|heic|heif|x-raw|photoshop|x-xcf)/.test(mime) ? null : 'image';
  if (mime.startsWith('audio/')) return 'audio';
  if (mime.startsWith('video/') && !/\.tsx?$/i.test(name)) return 'video';
  return TEXT_TYPES.test(mime) || TEXT_NAMES.test(name) ? 'text' : null;
}
