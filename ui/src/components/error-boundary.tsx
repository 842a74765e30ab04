// SPDX-License-Identifier: GPL-3.0-or-later
import { Component, type ReactNode } from 'react';
import { Button, Stack, Text, Title } from '@mantine/core';
import { t } from '../lib/i18n';

/** Shows what went wrong instead of an empty page. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <Stack component="main" role="alert" align="flex-start" p="xl" maw={640} mx="auto">
        <Title order={1} size="h2">
          {t('This page has stumbled')}
        </Title>
        <Text>{t('Your files are safe: only the page is affected. Loading it again should help.')}</Text>
        <Text c="dimmed" ff="monospace" size="sm">
          {error.message}
        </Text>
        <Button onClick={() => window.location.reload()}>{t('Load again')}</Button>
      </Stack>
    );
  }
}
