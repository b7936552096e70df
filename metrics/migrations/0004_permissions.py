"""Who may see finance, who wages, and who may enter numbers."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('metrics', '0003_rule_days'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='entry',
            options={'permissions': [('see_finance', 'Can see finance figures'), ('see_wages', 'Can see wages'), ('enter_numbers', 'Can enter, correct and import numbers')]},
        ),
    ]
