// SPDX-License-Identifier: GPL-3.0-or-later
import { useRef, useState } from 'react';
import { Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { ClipboardDocumentIcon } from '@heroicons/react/24/outline';
import { t } from '../lib/i18n';
import { QrCode } from './qr-code';

interface SecretUrlProps {
  label: string;
  url: string;
  qrLabel: string;
}

type Copied = 'no' | 'yes' | 'by hand';

/** A URL to hand on: to copy, or for the camera. */
export function SecretUrl({ label, url, qrLabel }: SecretUrlProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [copied, setCopied] = useState<Copied>('no');
  const copy = async (): Promise<void> => {
    field.current?.select();
    try {
      await navigator.clipboard.writeText(url);
      setCopied('yes');
    } catch {
      setCopied('by hand'); // without TLS a browser gives the clipboard to pages of its own machine only
    }
  };
  const said = { no: '', yes: t('Copied.'), 'by hand': t('It is marked: press Ctrl+C to copy it.') };
  return (
    <Stack gap="sm">
      <Textarea
        ref={field}
        label={label}
        value={url}
        readOnly
        rows={4}
        spellCheck={false}
        onFocus={(event) => event.currentTarget.select()}
      />
      <Group>
        <Button data-autofocus leftSection={<ClipboardDocumentIcon width={18} aria-hidden />} onClick={() => void copy()}>
          {t('Copy')}
        </Button>
        <Text size="sm" c="dimmed" role="status">
          {said[copied]}
        </Text>
      </Group>
      <QrCode text={url} label={qrLabel} />
    </Stack>
  );
}
