// SPDX-License-Identifier: GPL-3.0-or-later
import { useMemo } from 'react';
import { Text } from '@mantine/core';
import { encode } from 'uqr';
import { t } from '../lib/i18n';
import classes from './qr-code.module.css';

/** ISO/IEC 18004: four modules of quiet zone. */
const QUIET = 4;

/** One path of all dark modules, or null when the text is too long for a code. */
export function qrPath(text: string): { size: number; path: string } | null {
  let code;
  try {
    code = encode(text, { ecc: 'L', border: QUIET });
  } catch {
    return null;
  }
  const path = code.data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return { size: code.size, path };
}

/** A text for the camera of another device: dark on white in every theme, because not all cameras read the inverse. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const code = useMemo(() => qrPath(text), [text]);
  if (code === null)
    return (
      <Text size="sm" c="dimmed">
        {t('It is too long for a code.')}
      </Text>
    );
  return (
    <svg role="img" aria-label={label} className={classes.code} viewBox={`0 0 ${code.size} ${code.size}`} shapeRendering="crispEdges">
      <rect width={code.size} height={code.size} fill="#fff" />
      <path d={code.path} fill="#000" />
    </svg>
  );
}
