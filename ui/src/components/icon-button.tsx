// SPDX-License-Identifier: GPL-3.0-or-later
import { ActionIcon, Tooltip, type ActionIconProps } from '@mantine/core';
import type { ComponentPropsWithoutRef, ComponentType, SVGProps } from 'react';

export type Icon = ComponentType<SVGProps<SVGSVGElement>>;

interface IconButtonProps extends ActionIconProps, Omit<ComponentPropsWithoutRef<'button'>, keyof ActionIconProps> {
  icon: Icon;
  label: string;
}

/** A button that is only an icon, with its name for the pointer and for screen readers. */
export function IconButton({ icon: Glyph, label, ...rest }: IconButtonProps) {
  return (
    <Tooltip label={label} openDelay={400} events={{ hover: true, focus: true, touch: false }}>
      <ActionIcon variant="subtle" color="gray" size="lg" c="inherit" aria-label={label} {...rest}>
        <Glyph width={20} height={20} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
