// SPDX-License-Identifier: GPL-3.0-or-later
import type { ReactNode } from 'react';
import { Stack, Text, Title } from '@mantine/core';
import type { Icon } from './icon-button';
import classes from './empty.module.css';

/** Says why there is nothing here, and what to do about it. */
export function Empty({ icon: Glyph, title, children }: { icon: Icon; title: string; children?: ReactNode }) {
  return (
    <Stack align="center" gap="sm" className={classes.empty}>
      <span className={classes.badge}>
        <Glyph width={34} height={34} aria-hidden />
      </span>
      <Title order={2} size="h4" ta="center">
        {title}
      </Title>
      {typeof children === 'string' ? (
        <Text c="dimmed" ta="center" maw={460}>
          {children}
        </Text>
      ) : (
        children
      )}
    </Stack>
  );
}
